/** A run told for people: what happened in plain words, what took how long, and what a person may do about it now. */
import { z } from 'zod';
import { Instant } from './order.ts';
import { Direction } from './run-view.ts';

const Told = z.object({
  seq: z.int().min(1),
  at: Instant,
  type: z.string(),
  text: z.string(),
});

const StorySpan = z
  .object({
    name: z.string().meta({ description: 'Such as undo reserve, wait, parked, order stuck' }),
    kind: z.enum(['attempt', 'wait', 'mark']).meta({ description: 'A mark takes no time' }),
    step: z.string().optional(),
    direction: Direction.optional(),
    from: Instant,
    to: Instant,
    reply: z.enum(['ok', 'refused', 'unsent', 'unknown']).optional(),
    code: z.string().optional(),
    fault: z.string().optional().meta({ description: 'The fault that was injected' }),
    error: z.string().nullable().meta({ description: 'What went wrong, in a few words' }),
  })
  .meta({ id: 'StorySpan' });
export type StorySpan = z.infer<typeof StorySpan>;

const Holding = z.object({
  participant: z.string(),
  what: z.string().meta({ description: 'Such as 24.00 EUR, or 2 mug' }),
  state: z.enum(['holds', 'may-hold', 'gave-back', 'never', 'written-off']),
  unsure: z
    .literal(true)
    .optional()
    .meta({ description: 'Gave back: whether it held any is not known' }),
});

export const RunStory = z
  .object({
    head: z.string(),
    asked: z.string().nullable().meta({ description: 'What the customer asked for' }),
    troubles: z.array(z.string()).meta({ description: 'What failed, each once' }),
    deeds: z.array(z.string()).meta({ description: 'What was done about it, and instead' }),
    holdings: z.array(Holding).meta({ description: 'Where money and goods are because of it' }),
    told: z.array(Told),
    rest: z.array(z.string()).meta({ description: 'What is owed, and what happens next' }),
    spans: z
      .array(StorySpan)
      .meta({ description: 'The spans of its trace, also of a run that is not traced' }),
    mayDo: z
      .object({ cancel: z.boolean(), retry: z.boolean(), skip: z.array(z.string()) })
      .meta({ description: 'What a person may do now; skip: which steps' }),
  })
  .meta({ id: 'RunStory' });
export type RunStory = z.infer<typeof RunStory>;

const at = '2026-01-01T00:00:00.000Z';

export const exampleStory = {
  head: 'completed',
  asked: '2 mug',
  troubles: [],
  deeds: [],
  holdings: [{ participant: 'payment-service', what: '24.00 EUR', state: 'holds' }],
  told: [{ seq: 1, at, type: 'accepted', text: 'accepted, and on disk before anyone was told so' }],
  rest: ['Nothing is owed.', 'Nothing more will happen to it.'],
  spans: [
    {
      name: 'first',
      kind: 'attempt',
      step: 'first',
      direction: 'forward',
      from: at,
      to: at,
      reply: 'ok',
      error: null,
    },
  ],
  mayDo: { cancel: false, retry: false, skip: [] },
} satisfies RunStory;
