/** Holds stock for orders, and gives it back when an order is undone. */
import { inventoryOperations } from '@baton/contracts/inventory-service';
import {
  createServiceApp,
  openStore,
  type Participant,
  type ParticipantOptions,
} from '@baton/service-kit/participant';
import { schema, seed } from './schema.ts';
import { listHeld, listStock, release, reserve } from './stock.ts';

export function createService(options: ParticipantOptions): Participant {
  const store = openStore({ ...options, migrations: [schema], seed });
  const { app, routes } = createServiceApp({
    ...options,
    service: 'inventory-service',
    operations: inventoryOperations,
    store,
  })({
    reserve: (work, { lines }) => {
      const reservation = reserve(work, lines);
      if ('problem' in reservation) return reservation;
      return { status: 200, body: { orderId: work.runId, ...reservation, lines } };
    },
    release: (work) => {
      release(work);
      return undefined;
    },
    getStock: () => ({ status: 200, body: { products: listStock(store.db) } }),
    getReservation: ({ params: { id } }) => {
      const lines = listHeld(store.db, id);
      if (lines.length === 0) return { problem: 'nothing-held' };
      return { status: 200, body: { orderId: id, lines } };
    },
  });
  return { app, routes, store, close: store.close };
}
