/** Owns the catalogue: prices and checks orders, and remembers them. */
import { orderOperations } from '@baton/contracts/order-service';
import {
  createServiceApp,
  openStore,
  type Participant,
  type ParticipantOptions,
} from '@baton/service-kit/participant';
import { listProducts } from './catalogue.ts';
import { cancelOrder, findOrder, storeOrder } from './orders.ts';
import { schema, seed } from './schema.ts';

export function createService(options: ParticipantOptions): Participant {
  const store = openStore({ ...options, migrations: [schema], seed });
  const { app, routes } = createServiceApp({
    ...options,
    service: 'order-service',
    operations: orderOperations,
    store,
  })({
    validate: (work, order) => {
      const pricing = storeOrder(work, order);
      if ('problem' in pricing) return pricing;
      const { runId: orderId } = work;
      return { status: 200, body: { orderId, lines: order.lines, total: pricing.total } };
    },
    cancel: (work) => {
      cancelOrder(work);
      return undefined;
    },
    getOrder: ({ params }) => {
      const order = findOrder(store.db, params.id);
      return order === undefined ? { problem: 'order-not-found' } : { status: 200, body: order };
    },
    getCatalog: () => ({ status: 200, body: { products: listProducts(store.db) } }),
  });
  return { app, routes, store, close: store.close };
}
