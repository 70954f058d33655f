/** An order as the orchestrator shows it. Never a token, never personal data beyond the customer's id. */
import { z } from 'zod';
import { MoneyReply } from './money.ts';
import { EXAMPLE_ORDER_ID, Instant, OrderId, StepName } from './order.ts';

export const OrderStatus = z.enum([
  'accepted',
  'running',
  'compensating',
  'stuck',
  'completed',
  'compensated',
]);
export type OrderStatus = z.infer<typeof OrderStatus>;

const Direction = z.enum(['forward', 'undo']);
const Way = z.enum(['first', 'alternate']);

export const AttemptView = z
  .object({
    number: z.int().min(1),
    direction: Direction,
    way: Way,
    reply: z.enum(['ok', 'refused', 'unsent', 'unknown']),
    code: z.string().optional().meta({ description: 'Why, when the reply was not ok' }),
    note: z.string().optional().meta({ description: 'Such as the fault that was injected' }),
    at: Instant.meta({ description: 'When it began' }),
    endedAt: Instant,
  })
  .meta({ title: 'Attempt' });
export type AttemptView = z.infer<typeof AttemptView>;

export const StepView = z
  .object({
    name: StepName,
    participant: z.string().meta({ description: 'The service that the step calls' }),
    status: z.enum([
      'waiting',
      'running',
      'done',
      'refused',
      'failed',
      'undoing',
      'undone',
      'skipped',
      'deferred',
      'parked',
      'written-off',
    ]),
    attempts: z.array(AttemptView),
  })
  .meta({ title: 'Step' });
export type StepView = z.infer<typeof StepView>;

const WriteOff = z.object({
  step: z.string(),
  direction: Direction,
  reason: z.string(),
  at: Instant,
});

export const OrderLinks = z.object({
  self: z.string(),
  events: z.string(),
  cancel: z.string(),
  trace: z.url().optional().meta({ description: 'The trace of the order, where it is traced' }),
});

const WorkflowVersion = z.int().min(1).meta({
  description: 'Of the workflow that it follows, also after a newer one was deployed',
});

export const OrderView = z
  .object({
    orderId: OrderId,
    status: OrderStatus,
    version: WorkflowVersion,
    createdAt: Instant,
    settledAt: Instant.optional(),
    total: MoneyReply.optional(),
    outcome: z
      .object({ code: z.string(), step: StepName.optional() })
      .optional()
      .meta({ description: 'Why it ended so' }),
    steps: z.array(StepView),
    degraded: z.array(StepName).meta({ description: 'Later steps still to be repaired' }),
    owed: z.array(z.string()).meta({ description: 'Steps whose undo is still owed' }),
    writtenOff: z
      .array(WriteOff)
      .meta({ description: 'What an operator gave up: later steps, and undos' }),
    quarantined: z.boolean().meta({
      description: 'Set aside: its calls ended the process too often. An operator may retry it',
    }),
    inFlight: z
      .object({ step: z.string(), direction: Direction, number: z.int().min(1), since: Instant })
      .nullable()
      .meta({ description: 'The attempt whose reply is awaited' }),
    next: z
      .object({ what: z.string(), at: Instant })
      .nullable()
      .meta({ description: 'What happens next, and when' }),
    cancelRequested: z.boolean(),
    links: OrderLinks,
  })
  .meta({ title: 'Order' });
export type OrderView = z.infer<typeof OrderView>;

export const OrderSummary = z
  .object({
    orderId: OrderId,
    status: OrderStatus,
    version: WorkflowVersion,
    createdAt: Instant,
    degraded: z.array(StepName),
  })
  .meta({ title: 'OrderSummary' });
export type OrderSummary = z.infer<typeof OrderSummary>;

/** Any journal event; further fields depend on its type. */
export const OrderEvent = z
  .looseObject({ orderId: OrderId, seq: z.int().min(0), type: z.string(), at: Instant })
  .meta({ title: 'OrderEvent' });
export type OrderEvent = z.infer<typeof OrderEvent>;

const at = '2026-01-01T00:00:00.000Z';
const links = {
  self: `/orders/${EXAMPLE_ORDER_ID}`,
  events: `/orders/${EXAMPLE_ORDER_ID}/events`,
  cancel: `/orders/${EXAMPLE_ORDER_ID}/cancel`,
};

export const EXAMPLE_ORDER = {
  orderId: EXAMPLE_ORDER_ID,
  status: 'completed',
  version: 2,
  createdAt: at,
  settledAt: at,
  total: { amountMinor: 2400, currency: 'EUR' },
  steps: [
    {
      name: 'validate',
      participant: 'order-service',
      status: 'done',
      attempts: [{ number: 1, direction: 'forward', way: 'first', reply: 'ok', at, endedAt: at }],
    },
  ],
  degraded: [],
  owed: [],
  writtenOff: [],
  quarantined: false,
  inFlight: null,
  next: null,
  cancelRequested: false,
  links,
} satisfies OrderView;
