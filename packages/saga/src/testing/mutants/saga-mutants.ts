import { ok, type Reply, refused } from '../../core/reply.ts';
import type { PlannedWay, Saga, Undoing } from '../../core/saga.ts';
import type { Order } from '../../fixtures/cast.ts';
import { byStoriesOnEachHost, byStoryOnEachHost, type Mutant } from './mutant.ts';

type Perform = PlannedWay['perform'];

/** Every way of the plan, called in another manner. */
const changeWays =
  (change: (way: PlannedWay) => PlannedWay) =>
  (saga: Saga<Order>): Saga<Order> => ({
    ...saga,
    plan: saga.plan.map((step) => ({
      ...step,
      first: change(step.first),
      alternate: step.alternate && change(step.alternate),
    })),
  });

const changeUndos = (change: (perform: Perform) => Perform) =>
  changeWays((way) => ({
    ...way,
    undo: way.undo && { ...way.undo, perform: change(way.undo.perform) },
  }));

const changeReplies = (change: (reply: Reply<unknown>) => Reply<unknown>) =>
  changeWays((way) => ({ ...way, perform: async (now) => change(await way.perform(now)) }));

const rename = (now: Undoing<unknown, unknown, unknown>, suffix: string) => ({
  ...now,
  attempt: { ...now.attempt, key: `${now.attempt.key}${suffix}` },
});

export const sagaMutants = {
  'call-has-a-key-per-attempt': {
    bug: 'Each attempt has a key of its own',
    mutate: changeWays((way) => ({
      ...way,
      perform: (now) => way.perform(rename(now, `-${now.attempt.number}`)),
    })),
    caughtBy: byStoriesOnEachHost,
  },
  'call-undoes-under-another-key': {
    bug: 'An undo has another key than what it undoes',
    mutate: changeUndos((perform) => (now) => perform(rename(now, ':undo'))),
    caughtBy: byStoriesOnEachHost,
  },
  'call-undoes-known-successes-only': {
    bug: 'Only known successes are undone',
    mutate: changeUndos(
      (perform) => async (now) => (now.output === undefined ? ok(null) : perform(now)),
    ),
    caughtBy: byStoriesOnEachHost,
  },
  'call-swallows-a-failed-undo': {
    bug: 'An undo that fails is taken for made',
    mutate: changeUndos((perform) => async (now) => {
      const reply = await perform(now);
      return reply.reply === 'ok' ? reply : ok(null);
    }),
    caughtBy: byStoriesOnEachHost,
  },
  'call-retries-by-itself': {
    bug: 'A call is made again beneath the retries of the engine',
    mutate: changeWays((way) => ({
      ...way,
      perform: async (now) => {
        const reply = await way.perform(now);
        return reply.reply === 'unknown' ? way.perform(now) : reply;
      },
    })),
    caughtBy: byStoriesOnEachHost,
  },
  'call-takes-silence-for-unsent': {
    bug: 'A reply that was lost is taken for "did not happen"',
    mutate: changeReplies((reply) =>
      reply.reply === 'unknown' ? { reply: 'unsent', code: reply.code } : reply,
    ),
    caughtBy: byStoryOnEachHost('a cancellation at whatever point'),
  },
  'call-takes-silence-for-refused': {
    bug: 'A reply that was lost is taken for a refusal',
    mutate: changeReplies((reply) => (reply.reply === 'unknown' ? refused(reply.code) : reply)),
    caughtBy: byStoriesOnEachHost,
  },
  'call-takes-silence-for-ok': {
    bug: 'A reply that was lost is taken for a success',
    mutate: changeReplies((reply) => (reply.reply === 'unknown' ? ok(null) : reply)),
    caughtBy: byStoriesOnEachHost,
  },
  'call-takes-the-alternate-at-once': {
    bug: 'Another provider is asked before the first gave back what it may have taken',
    mutate: (saga) => ({
      ...saga,
      plan: saga.plan.map((step) => ({ ...step, repeatable: true })),
    }),
    caughtBy: byStoriesOnEachHost,
  },
} as const satisfies Readonly<Record<string, Mutant<Saga<Order>>>>;
