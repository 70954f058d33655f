/** A run of a workflow as the orchestrator shows it. Never a secret, never what participants answered beyond a result. */
import { z } from 'zod';
import { Instant, StepName } from './order.ts';

export const RunStatus = z
  .enum(['accepted', 'running', 'compensating', 'stuck', 'completed', 'compensated'])
  .meta({ id: 'RunStatus' });
export type RunStatus = z.infer<typeof RunStatus>;

export const Direction = z.enum(['forward', 'undo']).meta({ id: 'Direction' });
const Way = z.enum(['first', 'alternate']).meta({ id: 'Way' });

export const AttemptView = z
  .object({
    number: z.int().min(1),
    direction: Direction,
    way: Way,
    reply: z.enum(['ok', 'refused', 'unsent', 'unknown']),
    code: z.string().optional().meta({ description: 'Why, when the reply was not ok' }),
    replayed: z.literal(true).optional().meta({
      description: 'An earlier attempt had done it: the participant repeated its answer',
    }),
    note: z.string().optional().meta({ description: 'Such as the fault that was injected' }),
    at: Instant.meta({ description: 'When it began' }),
    endedAt: Instant,
  })
  .meta({ id: 'Attempt' });
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
    result: z
      .record(z.string(), z.unknown())
      .optional()
      .meta({ description: 'What it did, such as an amount and the id of a payment' }),
    attempts: z.array(AttemptView),
  })
  .meta({ id: 'Step' });
export type StepView = z.infer<typeof StepView>;

const WriteOff = z
  .object({
    step: z.string(),
    direction: Direction,
    reason: z.string(),
    at: Instant,
  })
  .meta({ id: 'WriteOff' });

export const RunLinks = z
  .object({
    self: z.string(),
    events: z.string(),
    cancel: z.string(),
    trace: z.url().optional().meta({ description: 'Its trace, where it is traced' }),
  })
  .meta({ id: 'RunLinks' });

const WorkflowVersion = z.int().min(1).meta({
  description: 'The version of the workflow that it follows, also after a newer one was deployed',
});

/** Of every workflow; its own fields come besides. */
export const runViewShape = {
  status: RunStatus,
  version: WorkflowVersion,
  createdAt: Instant,
  settledAt: Instant.optional(),
  outcome: z
    .object({ code: z.string(), step: StepName.optional() })
    .optional()
    .meta({ description: 'Why it ended so' }),
  steps: z.array(StepView),
  degraded: z.array(StepName).meta({ description: 'Deferred steps still to be repaired' }),
  owed: z.array(z.string()).meta({ description: 'Steps whose undo is still owed' }),
  writtenOff: z
    .array(WriteOff)
    .meta({ description: 'What an operator gave up: deferred steps, and undos' }),
  quarantined: z.boolean().meta({
    description:
      'Set aside: its calls ended the process too often. It is tried again alone, ever more rarely',
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
  cancelTooLate: z.boolean().meta({
    description: 'The cancellation came while the pivot was under way, and that was done',
  }),
  links: RunLinks,
} as const;

/** Besides its id, whose field has the workflow's name for it, and the workflow's own fields. */
export type RunView = z.infer<z.ZodObject<typeof runViewShape>>;

export const runSummaryShape = {
  status: RunStatus,
  version: WorkflowVersion,
  createdAt: Instant,
  degraded: z.array(StepName),
  writtenOff: z.array(z.string()).meta({ description: 'What it ended without, in words' }),
} as const;
export type RunSummary = z.infer<z.ZodObject<typeof runSummaryShape>>;
