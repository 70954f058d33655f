/**
 * The versions of the workflow: each file `v<number>.ts` of this folder is one. New orders follow the newest, or the one
 * that PLACE_ORDER_VERSION names; another stays for as long as orders follow it (`baton_orders_open_by_version` says
 * whether any do).
 */
import { readdirSync } from 'node:fs';
import { orderContract, orderRunOperations, type PlaceOrder } from '@baton/contracts';
import type { Participants, Workflow } from '@baton/runtime';
import { hash } from '@baton/runtime/run-id';
import type { Saga } from '@baton/saga';
import { StartupProblem } from '@baton/service-kit';
import {
  describeHeld,
  describeInput,
  describeOrder,
  describeOwed,
  describeResult,
  readCustomer,
  readTotal,
  toResult,
} from './order-words.ts';
import { presets } from './presets.ts';

type CreateSaga = (participants: Participants) => Saga<PlaceOrder>;

const toVersion = (file: string): number => Number(/^v(\d+)\.ts$/.exec(file)?.[1]);

const files = readdirSync(import.meta.dirname)
  .filter((file) => toVersion(file) > 0)
  .sort((a, b) => toVersion(b) - toVersion(a));

const versions: readonly CreateSaga[] = await Promise.all(
  files.map(async (file) =>
    toChecked(file, (await import(/* @vite-ignore */ `./${file}`)).default),
  ),
);

/** Two definitions of one version would leave it to chance which of them an order follows. */
export function toChecked(file: string, create: CreateSaga): CreateSaga {
  return (participants) => {
    const saga = create(participants);
    if (file === `v${saga.version}.ts`) return saga;
    throw new RangeError(
      `place-order/${file} says "version: ${saga.version}": write the number of its name there, or name it v${saga.version}.ts if there is no such file`,
    );
  };
}

/** First the one that new orders follow, then the others, the newest first. */
export function createOrderSagas(
  participants: Participants,
  followed = process.env.PLACE_ORDER_VERSION,
): readonly [followed: Saga<PlaceOrder>, ...others: Saga<PlaceOrder>[]] {
  const sagas = versions.map((create) => create(participants));
  const [first] = followed ? sagas.filter(({ version }) => String(version) === followed) : sagas;
  if (first) return [first, ...sagas.filter((saga) => saga !== first)];
  throw new StartupProblem([
    `PLACE_ORDER_VERSION=${followed ?? ''}: ${import.meta.dirname} has the versions ${sagas.map(({ version }) => version).join(', ') || 'none'}`,
  ]);
}

export const createOrderSaga = (participants: Participants): Saga<PlaceOrder> =>
  createOrderSagas(participants)[0];

/** The newest version's definition refuses any other input. */
const isOrder = (input: unknown): input is PlaceOrder =>
  orderContract.input.safeParse(input).success;

/** What the runtime is told of it besides. */
export const createPlaceOrder = (participants: Participants): Workflow => ({
  ...orderContract,
  operations: orderRunOperations,
  versions: createOrderSagas(participants),
  summarize: (state) => {
    const total = readTotal(state);
    return total ? { total } : {};
  },
  describe: describeOrder,
  toResult,
  describeResult,
  describeInput,
  describeHeld,
  describeOwed,
  undone: 'no stock held, no money kept',
  presets,
  basket: { catalog: '/catalog', field: 'lines' },
  search: { label: 'customer', toWords: readCustomer },
  toKeyOwner: (input) => (isOrder(input) ? input.customerId : ''),
  toFingerprint: (input) => (isOrder(input) ? toFingerprint(input) : ''),
});

/** Two submissions under one key are the same when this is: keys of old orders were stored with it. */
const toFingerprint = ({ customerId, lines, payment }: PlaceOrder): string =>
  hash([
    customerId,
    ...lines.map(({ sku, quantity }) => `${sku} ${quantity}`),
    payment.method,
    payment.token,
  ]);
