/** The books: what services hold against what the runs say, in exact sums that add up on the page. */
import type { Audit, WrittenOff } from '@baton/contracts';
import { toOneLine } from '@baton/telemetry/one-line';
import { readAudit } from '../api.ts';
import { findWorkflow, nameRuns } from '../live.ts';
import { usePolled } from '../polled.ts';
import { toHash } from '../route.ts';
import { plural, toClock, toMoney } from '../words.ts';
import { type MoneyBooks, toMoneyLines } from './money-lines.ts';

export function BooksView() {
  const { value, why } = usePolled(readAudit, 2_000);
  if (!value)
    return (
      <p class="empty" role="status">
        {why ? `There are no books to show: ${why}` : 'Asking every service what it holds…'}
      </p>
    );
  return (
    <div class="books">
      <Verdict audit={value} why={why} />
      {value.money.map((books) => (
        <Money key={books.currency} books={books} />
      ))}
      <Stock stock={value.stock} />
      <WrittenOffList list={value.writtenOff} />
    </div>
  );
}

function Verdict({ audit, why }: { readonly audit: Audit; readonly why: string | undefined }) {
  const { balanced, openOrders, unreachable, at } = audit;
  const { noun, plural: many } = nameRuns();
  return (
    <section class="card">
      <h1 class={`state ${balanced ? 'good' : 'bad'}`}>
        {balanced ? 'The books balance' : 'The books do not balance'}
      </h1>
      <p class="quiet">
        At {toClock(Date.parse(at))}, with {plural(openOrders, `open ${noun}`, `open ${many}`)}
        {openOrders > 0 && ': what is held for them may differ for a moment'}.
      </p>
      {unreachable.length > 0 && <p class="problem">No answer from {unreachable.join(', ')}.</p>}
      {why && <p class="problem">{why}</p>}
    </section>
  );
}

type StockBooks = Audit['stock'][number];

function Money({ books }: { readonly books: MoneyBooks }) {
  return (
    <section class={`card ${books.balanced ? 'good' : 'bad'}`}>
      <table>
        <caption>
          Money in {books.currency} <Mark isGood={books.balanced} />
        </caption>
        <tbody>
          {toMoneyLines(books, nameRuns().plural).map(([what, amount, isSum]) => (
            <tr key={what} class={isSum ? 'sum' : ''}>
              <th scope="row">{what}</th>
              <td>{amount}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

const Mark = ({ isGood }: { readonly isGood: boolean }) => (
  <strong class={`state ${isGood ? 'good' : 'bad'}`}>
    {isGood ? '✓ adds up' : '✗ does not add up'}
  </strong>
);

const toStockColumns = (many: string) =>
  [
    ['on hand', 'onHand'],
    ['free', 'free'],
    ['held', 'held'],
    [`completed ${many}`, 'heldByOrders'],
    [`open ${many}`, 'openOrders'],
    ['written off', 'writtenOff'],
    ['unexplained', 'unexplained'],
  ] as const;

function Stock({ stock }: { readonly stock: readonly StockBooks[] }) {
  const stockColumns = toStockColumns(nameRuns().plural);
  return (
    <section class="card wide">
      <table>
        <caption>
          Stock: on hand = free + held; held = completed + open + written off + unexplained
        </caption>
        <thead>
          <tr>
            <th scope="col">product</th>
            {stockColumns.map(([name]) => (
              <th key={name} scope="col">
                {name}
              </th>
            ))}
            <th scope="col">sum</th>
          </tr>
        </thead>
        <tbody>
          {stock.map((books) => (
            <tr key={books.sku}>
              <th scope="row">{books.sku}</th>
              {stockColumns.map(([name, field]) => (
                <td key={name}>{books[field].toLocaleString()}</td>
              ))}
              <td>
                <Mark isGood={books.balanced} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

const toWorth = ({ amount, lines = [] }: WrittenOff): string =>
  amount
    ? toMoney(amount.amountMinor, amount.currency)
    : lines.map(({ sku, quantity }) => `${quantity} ${sku}`).join(', ');

function WrittenOffList({ list }: { readonly list: readonly WrittenOff[] }) {
  return (
    <section class="card wide">
      <h2>Written off</h2>
      {list.length === 0 && <p class="quiet">Nothing is.</p>}
      <ul>
        {list.map((item) => (
          <li key={`${item.orderId} ${item.step}`}>
            <a href={toHash([findWorkflow(item.orderId)?.plural ?? '', item.orderId])}>
              {item.orderId}
            </a>
            : {toWorth(item)} still at {item.participant ?? 'its participant'}, since the undo of{' '}
            {item.step} was given up: {toOneLine(item.reason)}
          </li>
        ))}
      </ul>
    </section>
  );
}
