/** What a restart says may have been under way, where no forward attempt was. */
import { describe, expect, test } from 'vitest';
import type { Aim } from '../core/decide.ts';
import type { Direction, Happening } from '../core/event.ts';
import {
  alternateChosen,
  decided,
  deferred,
  given,
  interrupted as interruptedIn,
  refusedBy,
  spent,
  succeeded,
  undoFailed,
  undone,
  unknown,
} from '../fixtures/history.ts';
import { trip } from '../fixtures/trip.ts';
import { isTriedAlone, toAnnouncement, toInterruption, toRecovery } from './recovery.ts';

const restart = (...history: readonly Happening[]): Happening | undefined =>
  toInterruption(trip, given(...history), 100);
/** Each as `undo flight`; undefined where a restart says nothing. */
function interrupted(...history: readonly Happening[]): readonly string[] | undefined {
  const said = restart(...history);
  if (said === undefined) return undefined;
  if (said.type !== 'recovered') throw new Error(`it said ${said.type}`);
  return said.interrupted?.map(({ way, direction }) => `${direction} ${way}`);
}

const booked = [succeeded('quote'), succeeded('flight'), succeeded('hotel')];
const declined = [...booked, refusedBy('pay'), decided];
const parked = (way: string): Happening => ({ type: 'undo-parked', way, code: 'breaker-open' });
const started = (way: string, direction: Direction): Happening => ({
  type: 'attempt-started',
  way,
  direction,
});
const waiting = (way: string, retryAt: number) => undoFailed(way, 'undo-unknown', { retryAt });

test('names the undo, where only one was owed', () => {
  expect(interrupted(...declined, undone('hotel'))).toEqual(['undo flight']);
});

test('names each undo that was owed, in the order of undoing', () => {
  expect(interrupted(...declined)).toEqual(['undo hotel', 'undo flight']);
});

test.each([
  ['is over', 50],
  ['is not over: its breaker may have closed', 60_000],
])('reckons with an undo whose wait %s', (_what, retryAt) => {
  expect(interrupted(...declined, waiting('hotel', retryAt))).toContain('undo hotel');
});

test('names no undo that was parked, and says nothing where each was', () => {
  expect(interrupted(...declined, parked('hotel'))).toEqual(['undo flight']);
  expect(interrupted(...declined, parked('hotel'), parked('flight'))).toBeUndefined();
});

test('names what was announced, and nothing else', () => {
  expect(interrupted(...declined, started('flight', 'undo'))).toEqual(['undo flight']);
  expect(interrupted(...declined, parked('hotel'), started('hotel', 'undo'))).toEqual([
    'undo hotel',
  ]);
});

test('names a repair that was announced, and says nothing where none was', () => {
  const degraded = [...booked, succeeded('pay'), deferred('mail'), { type: 'completed' } as const];
  expect(interrupted(...degraded, started('mail', 'forward'))).toEqual(['forward mail']);
  expect(interrupted(...degraded)).toBeUndefined();
});

test('names the undo of a first way, which comes before its alternate', () => {
  expect(interrupted(...booked, ...spent('pay'), alternateChosen('pay'))).toEqual(['undo pay']);
});

test('names nothing where nothing was owed any more', () => {
  expect(interrupted(...declined, undone('hotel'), undone('flight'))).toEqual([]);
});

test('names nothing of a forward step: its attempt is marked instead', () => {
  expect(restart(...booked)).toMatchObject({ type: 'step-unknown', way: 'pay', interrupted: true });
});

test('names nothing where the next step has its end, and it was not said yet', () => {
  expect(interrupted(...booked, succeeded('pay'), succeeded('mail'))).toEqual([]);
  expect(interrupted(refusedBy('quote'))).toEqual([]);
});

const recovered: Happening = { type: 'recovered' };

test('marks a forward attempt as the one after the last, due no earlier than now', () => {
  const marked = { type: 'step-unknown', way: 'quote', attempt: 2, startedAt: 100 };
  expect(restart(unknown('quote', { retryAt: 500 }))).toMatchObject({ ...marked, retryAt: 500 });
  expect(restart(unknown('quote', { retryAt: 50 }))).toMatchObject({ ...marked, retryAt: 100 });
});

test('says nothing new of a suspect that was not called, nor of what is set aside', () => {
  expect(restart(recovered)).toMatchObject({ type: 'step-unknown' });
  expect(restart(recovered, recovered)).toBeUndefined();
  expect(restart(recovered, recovered, { type: 'quarantined', code: 'crashes' })).toBeUndefined();
});

test('sets a run aside at the fifth end in its calls', () => {
  const ends = (count: number): Happening[] =>
    Array.from({ length: count }, () => interruptedIn('quote'));
  const said = (...history: readonly Happening[]): string[] =>
    toRecovery(trip, given(...history), 100).map(({ type }) => type);
  expect(said(...ends(3), started('quote', 'forward'))).toEqual(['step-unknown']);
  expect(said(...ends(4), started('quote', 'forward'))).toEqual(['step-unknown', 'quarantined']);
  expect(said(...ends(4))).toEqual([]);
});

test('counts no end that is known to have come from outside', () => {
  const history = Array.from({ length: 9 }, () => interruptedIn('quote'));
  const state = given(...history, started('quote', 'forward'));
  const said = toRecovery(trip, state, 100, true);
  expect(said).toMatchObject([{ type: 'step-unknown', interrupted: true, blameless: true }]);
  const after = given(...history, ...said);
  expect([state.interruptions, after.interruptions]).toEqual([9, 9]);
});

test('has a run rest twice as long after each further end, and a quarter of an hour at most', () => {
  const rests = [4, 5, 6, 99].map((count) => {
    const ends = Array.from({ length: count }, () => interruptedIn('quote'));
    const said = toRecovery(trip, given(...ends, started('quote', 'forward')), 100);
    return said.map((happening) => 'until' in happening && (happening.until ?? 0) - 100).at(-1);
  });
  expect(rests).toEqual([5_000, 10_000, 20_000, 900_000]);
});

test('has a run called alone from the third end on', () => {
  expect([2, 3].map((interruptions) => isTriedAlone({ interruptions }))).toEqual([false, true]);
});

describe('an attempt is announced', () => {
  const announced = (
    name: string,
    direction: Direction,
    ...history: readonly Happening[]
  ): Happening | undefined => {
    const way = trip.plan.flatMap(({ first }) => first).find((first) => first.name === name);
    return toAnnouncement(given(...history), { way, direction } as Aim)?.[0];
  };
  const completed: readonly Happening[] = [
    ...booked,
    succeeded('pay'),
    deferred('mail'),
    { type: 'completed' },
  ];

  test.each([
    ['of a suspect', 'quote', 'forward', [recovered, recovered]],
    ['out of a park', 'hotel', 'undo', [...declined, parked('hotel')]],
    ['of a repair', 'mail', 'forward', completed],
    ['of another direction', 'quote', 'forward', [recovered, recovered, started('quote', 'undo')]],
  ] as const)('%s', (_, way, direction, history) => {
    expect(announced(way, direction, ...history)).toEqual({
      type: 'attempt-started',
      way,
      direction,
    });
  });

  test('once, and of no other', () => {
    const again = [recovered, recovered, started('quote', 'forward')];
    expect(announced('quote', 'forward', ...again)).toBeUndefined();
    expect(announced('quote', 'forward', recovered)).toBeUndefined();
    expect(announced('hotel', 'undo', ...declined)).toBeUndefined();
  });
});
