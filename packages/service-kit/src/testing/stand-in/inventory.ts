/** A small participant on the real contract, for this package's own tests. */
import { inventoryOperations } from '@baton/contracts/inventory-service';
import { createLog, createMetrics } from '@baton/telemetry';
import type { Handlers } from '../../answer.ts';
import { createServiceApp, type ServiceApp, type ServiceAppOptions } from '../../app.ts';
import { openStore, type Store, type StoreOptions } from '../../store.ts';

const schema = 'CREATE TABLE IF NOT EXISTS held (orderId TEXT PRIMARY KEY, quantity INTEGER)';
const stock = 100;

export interface StandIn extends ServiceApp {
  readonly store: Store;
  readonly held: () => number;
  readonly fences: () => number;
}

const sum = (store: Store): number =>
  Number(store.db.prepare('SELECT coalesce(sum(quantity), 0) AS held FROM held').get()?.held);

const createHandlers = (store: Store): Handlers<typeof inventoryOperations> => ({
  reserve: ({ db, runId: orderId }, { lines }) => {
    // A bug on purpose, so that tests see what a throw leaves behind: nothing.
    db.prepare('INSERT INTO held VALUES (?, ?)').run(orderId, lines[0]?.quantity ?? 0);
    if (lines.some(({ sku }) => sku === 'throws')) throw new Error('secret internal text');
    if (lines.some(({ sku }) => sku === 'busy')) {
      return { problem: 'unavailable', headers: { 'retry-after': '3' } };
    }
    if (sum(store) > stock) return { problem: 'out-of-stock' };
    return { status: 200, body: { orderId, reservationId: `res_${orderId}` } };
  },
  release: ({ db, runId: orderId }) => {
    db.prepare('DELETE FROM held WHERE orderId = ?').run(orderId);
    return undefined;
  },
  getStock: () => {
    const held = sum(store);
    const level = { sku: 'mug', onHand: stock, free: stock - held, held };
    return { status: 200, body: { products: [level] } };
  },
  getReservation: () => ({ problem: 'nothing-held' }),
});

type Surroundings = Pick<
  ServiceAppOptions<typeof inventoryOperations>,
  'tracing' | 'shed' | 'intercept' | 'extend'
> &
  Pick<StoreOptions, 'onBroken'>;

export function createStandIn(
  path = ':memory:',
  busyTimeoutMs = 2_000,
  { onBroken = () => {}, ...surroundings }: Surroundings = {},
): StandIn {
  const store = openStore({ path, migrations: [schema], busyTimeoutMs, onBroken });
  const app = createServiceApp({
    service: 'inventory-service',
    operations: inventoryOperations,
    log: createLog('inventory-service', 'silent'),
    metrics: createMetrics('inventory-service'),
    store,
    ...surroundings,
  })(createHandlers(store));
  return {
    ...app,
    store,
    held: () => sum(store),
    fences: () => Number(store.db.prepare('SELECT count(*) AS n FROM fence').get()?.n),
  };
}
