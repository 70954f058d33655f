import { afterEach, beforeEach, expect, expectTypeOf, test } from 'vitest';
import { ok, refused } from '../core/reply.ts';
import { type Saga, saga } from '../core/saga.ts';
import type { RunState } from '../core/state.ts';
import { anyInput } from '../fixtures/any-input.ts';
import { createMemoryJournal } from '../testing/memory-journal.ts';
import { createEngine } from './embedded-engine.ts';
import type { Engine, Settled } from './engine.ts';

const options = { version: 1, input: anyInput<{ readonly card: string | null }>() };
const place = saga('place', options)
  .step('seat', { perform: async () => ok({ row: 7 }), undo: async () => ok(null) })
  .pivot('pay', {
    perform: async ({ input }) => (input.card ? ok('paid') : refused('no-card')),
    undo: null,
  })
  .later('mail', { perform: async ({ input }) => (input.card === 'a' ? ok(1) : refused('mute')) })
  .end();
const newer = saga('place', { ...options, version: 2 }).end();
const other = saga('other', options).end();

let engine: Engine;
beforeEach(async () => {
  engine = await createEngine({ journal: createMemoryJournal(), sagas: [place, newer, other] });
});
afterEach(() => engine.stop());

test.each([
  ['a', { phase: 'completed', outputs: { seat: { row: 7 }, pay: 'paid', mail: 1 }, reason: null }],
  ['b', { phase: 'completed', outputs: { seat: { row: 7 }, pay: 'paid' }, reason: null }],
  [
    null,
    {
      phase: 'compensated',
      outputs: { seat: { row: 7 } },
      reason: { code: 'no-card', step: 'pay' },
    },
  ],
])('a run with the card %s ends with its outputs by step', async (card, end) => {
  await engine.submit(place, { card }, { id: 'o1' });
  const settled = await engine.settled(place, 'o1');
  expect(settled).toEqual({ ...end, state: await engine.settled('o1') });
});

test('nothing is told of a run that is not known, or when the signal aborts', async () => {
  expect(await engine.settled(place, 'o1')).toBeUndefined();
  await engine.submit(place, { card: 'a' }, { id: 'o1' });
  expect(await engine.settled(place, 'o1', AbortSignal.abort())).toBeUndefined();
});

test('nothing is told of a run of another definition, or of another version', async () => {
  await engine.submit(place, { card: 'a' }, { id: 'o1' });
  expect(await engine.settled(newer, 'o1')).toBeUndefined();
  expect(await engine.settled(other, 'o1')).toBeUndefined();
});

test('the outputs have the types of the steps, and fewer of them are there after an undo', async () => {
  interface Outputs {
    readonly seat: { readonly row: number };
    readonly pay: string;
    readonly mail: number | undefined;
  }
  await engine.submit(place, { card: 'a' }, { id: 'o1' });
  const settled = await engine.settled(place, 'o1');
  expect(settled).toBeDefined();
  if (!settled) return;
  expectTypeOf(settled.reason).toEqualTypeOf<RunState['reason']>();
  expectTypeOf(settled.outputs.pay).toEqualTypeOf<string | undefined>();
  if (settled.phase === 'completed') expectTypeOf(settled.outputs).toExtend<Outputs>();
  else expectTypeOf(settled.outputs).toExtend<Partial<Outputs>>();
  // @ts-expect-error there is no such step
  expect(settled.outputs.fly).toBeUndefined();
  expectTypeOf(await engine.settled('o1')).toEqualTypeOf<RunState | undefined>();
  const untyped: Saga<unknown> = place;
  expectTypeOf(await engine.settled(untyped, 'o1')).toEqualTypeOf<
    Settled<Readonly<Record<string, unknown>>> | undefined
  >();
});
