/** Takes money for orders. The same program also runs as a second provider, on a file of its own. */
import { paymentOperations } from '@baton/contracts/payment-service';
import {
  createServiceApp,
  openStore,
  type Participant,
  type ParticipantOptions,
  readPage,
} from '@baton/service-kit/participant';
import { giveBack, listPayments, listPaymentsOf, listTotals, takeMoney } from './payments.ts';
import { schema } from './schema.ts';

export function createService(options: ParticipantOptions): Participant {
  const store = openStore({ ...options, migrations: [schema] });
  const { app, routes } = createServiceApp({
    ...options,
    service: 'payment-service',
    operations: paymentOperations,
    store,
  })({
    process: (work, charge) => {
      const decision = takeMoney(work, charge);
      if ('problem' in decision) return decision;
      return { status: 200, body: { orderId: work.runId, ...decision, amount: charge.amount } };
    },
    refund: (work) => {
      giveBack(work);
      return undefined;
    },
    getPayments: ({ query }) => {
      const page = readPage(query, (beforeId, limit) => listPayments(store.db, beforeId, limit));
      if (page === undefined) return { problem: 'bad-request', detail: 'No such cursor' };
      const { rows: payments, nextCursor } = page;
      return { status: 200, body: { totals: listTotals(store.db), payments, nextCursor } };
    },
    getOrderPayments: ({ params: { id } }) => ({
      status: 200,
      body: { orderId: id, payments: listPaymentsOf(store.db, id) },
    }),
  });
  return { app, routes, store, close: store.close };
}
