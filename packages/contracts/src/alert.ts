/** What watches over the whole: alerts with what was done about them, and how participants fare. */
import { z } from 'zod';
import { defineOperation } from './operation.ts';
import { Instant } from './order.ts';

const service = 'orchestrator';

export const alertRules = [
  'breaker-open',
  'order-overdue',
  'order-stuck',
  'queue-deep',
  'standby-lost',
  'data-changed',
  'books-differ',
  'books-unaudited',
] as const;
export type AlertRule = (typeof alertRules)[number];

const Words = z.string().max(1_000);

export const Alert = z
  .object({
    id: z.string().max(200),
    rule: z.enum(alertRules),
    subject: z
      .string()
      .max(100)
      .meta({ description: 'A participant, an order, or orders, queue, standby, books' }),
    status: z.enum(['open', 'resolved']),
    openedAt: Instant,
    resolvedAt: Instant.nullable(),
    orders: z.int().min(0).meta({ description: 'How many orders it concerns, at the most so far' }),
    message: Words.meta({ description: 'What was seen' }),
    action: Words.meta({ description: 'What is done about it, without an operator' }),
    result: Words.meta({ description: 'What came of it so far' }),
    commands: z
      .array(Words)
      .meta({ description: 'What a person can do now: none where there is nothing to do' }),
  })
  .meta({ id: 'Alert' });
export type Alert = z.infer<typeof Alert>;

/** What is posted to ALERT_WEBHOOK_URL. */
export const AlertDelivery = z.object({ type: z.enum(['opened', 'resolved']), alert: Alert });
export type AlertDelivery = z.infer<typeof AlertDelivery>;

export const ParticipantState = z
  .object({
    name: z.string(),
    answers: z
      .boolean()
      .nullable()
      .meta({ description: 'Null until it was asked, or where no health question is known' }),
    breaker: z.enum(['closed', 'open', 'probing', 'due']).meta({
      description: 'due: open, but no order waits any more, and the next order probes it',
    }),
    nextTryAt: Instant.nullable().meta({ description: 'While its breaker is open or probing' }),
    openings: z.int().min(0).meta({ description: 'Of the breaker, since the start' }),
    inFlight: z.int().min(0),
    waiting: z.int().min(0).meta({ description: 'Orders that wait for a permit' }),
    parked: z.int().min(0).meta({ description: 'Orders that wait for the breaker' }),
    incarnation: z
      .string()
      .nullable()
      .meta({ description: 'Names its data; another one means that it lost its memory' }),
  })
  .meta({ id: 'ParticipantState' });
export type ParticipantState = z.infer<typeof ParticipantState>;

const exampleAlert = {
  id: 'breaker-open:payment-service:1767225600000',
  rule: 'breaker-open',
  subject: 'payment-service',
  status: 'resolved',
  openedAt: '2026-01-01T00:00:00.000Z',
  resolvedAt: '2026-01-01T00:00:17.000Z',
  orders: 40,
  message: 'payment-service fails or does not answer: its breaker opened',
  action: 'Its steps are parked, and one order at a time probes it',
  result: 'Closed after 12 s; up to 40 orders went on',
  commands: [],
} satisfies Alert;

const getAlerts = defineOperation({
  name: 'orchestrator.alerts',
  service,
  kind: 'read',
  method: 'GET',
  path: '/alerts',
  summary: 'What the watchdog saw, did, and with what result: open ones first, then the newest',
  query: z.strictObject({
    limit: z.coerce.number<number | string>().int().min(1).max(200).default(50),
  }),
  replies: { 200: z.object({ alerts: z.array(Alert).max(200) }) },
  problems: {},
  examples: { reply: { alerts: [exampleAlert] } },
});

const getParticipants = defineOperation({
  name: 'orchestrator.participants',
  service,
  kind: 'read',
  method: 'GET',
  path: '/participants',
  summary: 'How each participant fares, as seen from here',
  replies: { 200: z.object({ participants: z.array(ParticipantState).max(100) }) },
  problems: {},
  examples: {
    reply: {
      participants: [
        {
          name: 'payment-service',
          answers: true,
          breaker: 'closed',
          nextTryAt: null,
          openings: 1,
          inFlight: 2,
          waiting: 0,
          parked: 0,
          incarnation: '5f1b2c3d-4e5f-4071-8293-a4b5c6d7e8f9',
        },
      ],
    },
  },
});

export const alertOperations = { getAlerts, getParticipants };
