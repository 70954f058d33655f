/** What to ask for, from the catalogue: the last known prices while nobody answers, and they say so. */
import type { WorkflowDescription } from '@baton/contracts';
import { useCallback, useState } from 'preact/hooks';
import { readCatalog } from '../api.ts';
import { usePolled } from '../polled.ts';
import { toClock, toMoney } from '../words.ts';
import { isPlacing } from './placing.ts';

interface BasketProps {
  readonly workflow: WorkflowDescription;
  readonly basket: NonNullable<WorkflowDescription['basket']>;
  readonly place: (body: unknown) => Promise<void>;
}

export function Basket({ workflow, basket: { catalog, field }, place }: BasketProps) {
  const read = useCallback((signal: AbortSignal) => readCatalog(catalog, signal), [catalog]);
  const { value, why } = usePolled(read, 10_000);
  const [quantities, setQuantities] = useState<Readonly<Record<string, number>>>({});
  const lines = Object.entries(quantities).flatMap(([sku, quantity]) =>
    quantity > 0 ? [{ sku, quantity }] : [],
  );
  if (!value) return <p class="quiet">{why ?? 'Asking for the catalogue…'}</p>;
  const { products, stale, at } = value;
  const sums = new Map<string, number>();
  for (const { sku, price } of products) {
    const sum = (sums.get(price.currency) ?? 0) + price.amountMinor * (quantities[sku] ?? 0);
    sums.set(price.currency, sum);
  }
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    void place({ ...workflow.presets[0]?.body, [field]: lines });
  };
  return (
    <form class="basket" onSubmit={submit}>
      {stale && <p class="stale">Prices as of {toClock(Date.parse(at))}: nobody answers.</p>}
      {products.map(({ sku, name, price }) => (
        <label key={sku} class="product">
          <span>{name}</span>
          <span class="figure quiet">{toMoney(price.amountMinor, price.currency)}</span>
          <input
            type="number"
            min="0"
            max="1000"
            value={quantities[sku] ?? 0}
            onInput={({ currentTarget }) =>
              setQuantities({ ...quantities, [sku]: Number(currentTarget.value) })
            }
          />
        </label>
      ))}
      <button type="submit" class="primary" disabled={lines.length === 0} aria-disabled={isPlacing}>
        Place it
        {[...sums].map(([currency, sum]) => sum > 0 && ` for ${toMoney(sum, currency)}`)}
      </button>
    </form>
  );
}
