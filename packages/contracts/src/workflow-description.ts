/** What an orchestrator shows and offers, for pages and programs that know none of its workflows. */
import { z } from 'zod';
import { defineOperation } from './operation.ts';
import { Instant, StepName } from './order.ts';

const service = 'orchestrator';

const WayDescription = z.object({ participant: z.string(), hasUndo: z.boolean() });

const StepDescription = z
  .object({
    name: StepName,
    kind: z.enum(['step', 'pivot', 'later']),
    first: WayDescription,
    alternate: WayDescription.nullable(),
  })
  .meta({ id: 'StepDescription' });
export type StepDescription = z.infer<typeof StepDescription>;

/** A run to try things out with. */
export const Preset = z
  .object({
    title: z.string().max(100),
    expect: z.string().max(300).meta({ description: 'What is to be seen' }),
    body: z.record(z.string(), z.unknown()),
    baggage: z.string().max(300).optional().meta({ description: 'Such as faults of this run' }),
  })
  .meta({ id: 'Preset' });
export type Preset = z.infer<typeof Preset>;

export const WorkflowDescription = z
  .object({
    name: z.string(),
    noun: z.string(),
    plural: z.string().meta({ description: 'Its runs are at /<plural>' }),
    idPrefix: z.string(),
    versions: z
      .array(z.object({ version: z.int().min(1), steps: z.array(StepDescription) }))
      .min(1)
      .meta({ description: 'The newest first: new runs follow it' }),
    presets: z.array(Preset),
    searchable: z
      .string()
      .optional()
      .meta({ description: 'What operators find runs by at /search: customer' }),
    basket: z
      .object({ catalog: z.string(), field: z.string() })
      .optional()
      .meta({ description: 'Where products are listed, and which field of a body takes them' }),
  })
  .meta({ id: 'WorkflowDescription' });
export type WorkflowDescription = z.infer<typeof WorkflowDescription>;

const counts = z.array(z.int().min(0));
const took = z.int().min(1).nullable();

/** Counted since the answering process began to serve. */
const Rates = z
  .object({
    sliceMs: z.int().min(1),
    accepted: counts.meta({ description: 'Runs in each of the last slices, the oldest first' }),
    completed: counts,
    halfWithinMs: took.meta({
      description:
        'Half of the runs that ended in the last minute took no longer; null: none ended',
    }),
    mostWithinMs: took.meta({ description: '95 % of them' }),
  })
  .meta({ id: 'Rates' });

export const Overview = z
  .object({
    startedAt: Instant.meta({ description: 'Of the process that answers' }),
    standby: z.boolean().meta({ description: 'Another one waits to take over' }),
    open: z.int().min(0),
    openMax: z.int().min(1),
    moving: z.int().min(0),
    queued: z.int().min(0),
    quarantined: z.int().min(0),
    stuck: z.int().min(0).meta({ description: 'Counted up to 1,000' }),
    degraded: z
      .int()
      .min(0)
      .meta({ description: 'Completed, with a deferred step still to be repaired' }),
    oldest: z
      .object({ id: z.string(), since: Instant })
      .nullable()
      .meta({ description: 'The run that has been open for longest' }),
    breakable: z.boolean().meta({ description: 'There are fault routes' }),
    rates: Rates,
  })
  .meta({ id: 'Overview' });
export type Overview = z.infer<typeof Overview>;

const at = '2026-01-01T00:00:00.000Z';

const getWorkflows = defineOperation({
  name: 'orchestrator.workflows',
  service,
  kind: 'read',
  method: 'GET',
  path: '/workflows',
  summary: 'The workflows, with the steps of each version',
  replies: { 200: z.object({ workflows: z.array(WorkflowDescription) }) },
  problems: {},
  examples: {
    reply: {
      workflows: [
        {
          name: 'place-order',
          noun: 'order',
          plural: 'orders',
          idPrefix: 'ord_',
          versions: [
            {
              version: 1,
              steps: [
                {
                  name: 'validate',
                  kind: 'step',
                  first: { participant: 'order-service', hasUndo: true },
                  alternate: null,
                },
              ],
            },
          ],
          presets: [],
        },
      ],
    },
  },
});

const getOverview = defineOperation({
  name: 'orchestrator.overview',
  service,
  kind: 'read',
  method: 'GET',
  path: '/overview',
  summary: 'How many runs are where, and which process serves them',
  replies: { 200: Overview },
  problems: {},
  examples: {
    reply: {
      startedAt: at,
      standby: true,
      open: 3,
      openMax: 10_000,
      moving: 1,
      queued: 0,
      quarantined: 0,
      stuck: 0,
      degraded: 0,
      oldest: { id: 'ord_5f1b2c3d4e5f60718293a4b5c6d7e8f9', since: at },
      breakable: true,
      rates: {
        sliceMs: 5_000,
        accepted: [0, 12],
        completed: [0, 11],
        halfWithinMs: 40,
        mostWithinMs: 90,
      },
    },
  },
});

export const descriptionOperations = { getWorkflows, getOverview };
