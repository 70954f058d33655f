// What a restart says may have been under way, where no forward attempt was.
import { expect, test } from 'vitest';
import type { Direction, Happening } from '../core/event.ts';
import {
  alternateChosen,
  decided,
  deferred,
  given,
  refusedBy,
  spent,
  succeeded,
  undoFailed,
  undone,
} from '../fixtures/history.ts';
import { trip } from '../fixtures/trip.ts';
import { toInterruption } from './recovery.ts';

const restart = (...history: readonly Happening[]): Happening | undefined =>
  toInterruption(trip, given(...history), 100);
/** Each as `undo flight`; undefined where a restart says nothing. */
const interrupted = (...history: readonly Happening[]): readonly string[] | undefined => {
  const said = restart(...history);
  if (said === undefined) return undefined;
  if (said.type !== 'recovered') throw new Error(`it said ${said.type}`);
  return said.interrupted?.map(({ way, direction }) => `${direction} ${way}`);
};

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
