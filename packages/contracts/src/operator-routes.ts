/** What an operator may do with an order that does not settle by itself. Recorded with its reason. */
import { z } from 'zod';
import { defineOperation } from './operation.ts';
import { EXAMPLE_ORDER_ID, OrderId, OrderIdParams, StepName } from './order.ts';

const service = 'orchestrator';
const Reason = z
  .string()
  .trim()
  .min(1)
  .max(500)
  .meta({ description: "Why: it stays in the order's history. No personal data" });

const shared = {
  'order-not-found': { status: 404, title: 'No such order' },
  quarantined: {
    status: 409,
    title: 'The order is set aside: its definition is not known here, or it must be retried first',
  },
} as const;

const retryOrder = defineOperation({
  name: 'orchestrator.retry-order',
  service,
  kind: 'command',
  method: 'POST',
  path: '/orders/:id/retry',
  summary: 'Operators: what the order waits for is due now, also an owed undo or a quarantine',
  params: OrderIdParams,
  body: z.strictObject({ reason: Reason }),
  replies: { 202: z.object({ orderId: OrderId, status: z.literal('retry-requested') }) },
  problems: {
    ...shared,
    'nothing-to-retry': { status: 409, title: 'The order waits for nothing' },
  },
  examples: {
    body: { reason: 'the provider is back' },
    reply: { orderId: EXAMPLE_ORDER_ID, status: 'retry-requested' },
  },
});

const skipStep = defineOperation({
  name: 'orchestrator.skip-step',
  service,
  kind: 'command',
  method: 'POST',
  path: '/orders/:id/skip',
  summary: 'Operators: write off a later step, or an undo that was refused or is out of attempts',
  params: OrderIdParams,
  body: z.strictObject({ step: StepName, reason: Reason }),
  replies: { 202: z.object({ orderId: OrderId, status: z.literal('written-off') }) },
  problems: {
    ...shared,
    'nothing-to-skip': {
      status: 409,
      title: 'Only a later step, or an undo that was refused or is out of attempts, can be skipped',
    },
    'in-flight': { status: 409, title: 'An attempt is under way; ask again when it has ended' },
  },
  examples: {
    body: { step: 'notify', reason: 'the customer was told by telephone' },
    reply: { orderId: EXAMPLE_ORDER_ID, status: 'written-off' },
  },
});

export const operatorOperations = { retryOrder, skipStep };
