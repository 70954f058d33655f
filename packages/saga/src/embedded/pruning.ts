/**
 * Forgets runs that ended long ago.
 *
 * 1. Time has passed only as far as an engine lived through it: a clock that was set wrong makes nothing older. The
 *    position that the journal had at such a time says which runs had ended by then.
 * 2. However many are due, they go a batch at a time, and the event loop is free in between.
 */
import { tryReplay } from '../core/history.ts';
import { toStored } from '../core/stored.ts';
import type { Age } from '../journal/journal.ts';
import type { Clock } from '../run/clock.ts';
import type { Guard } from './bug.ts';
import type { EngineOptions } from './engine.ts';

const batchMax = 100;
const stepMinMs = 1_000;
const stepMaxMs = 60_000;
const pauseMs = 10;
/** In the time that a run is kept. */
const marksMax = 32;

/** Returns how to stop. */
export function startPruning(options: EngineOptions, clock: Clock, guard: Guard): () => void {
  const { journal, keepMs = Number.POSITIVE_INFINITY } = options;
  const isEndless = keepMs === Number.POSITIVE_INFINITY;
  const stepMs = Math.min(stepMaxMs, Math.max(stepMinMs, (isEndless ? 0 : keepMs) / marksMax));
  let age = journal.readAge() ?? { livedMs: 0, marks: [] };
  let agedAt = clock.now();
  let callOff = (): void => {};
  const grow = (): void => {
    // A time much longer than a step was not lived through: the clock jumped, or the machine slept.
    const moreMs = Math.min(Math.max(0, clock.now() - agedAt), 2 * stepMs);
    agedAt = clock.now();
    age = toOlder(age, moreMs, journal.readLast(), keepMs);
    journal.keepAge(age);
  };
  const lookIn = (delayMs: number): void => {
    callOff = clock.setTimer(delayMs, () => {
      let isMore = false;
      guard(() => {
        if (isEndless) return;
        // A clock that was ahead and is put right would otherwise have to catch up first.
        if (clock.now() - agedAt >= stepMs || clock.now() < agedAt) grow();
        isMore = pruneSome(options, clock.now() - keepMs, findOld(age, keepMs), guard);
      });
      lookIn(isMore ? pauseMs : stepMs);
    });
  };
  if (!isEndless) guard(grow);
  lookIn(stepMs);
  return () => callOff();
}

/** Adds a mark of the journal's position now, unless there is one that is hardly older; of long past marks, the last is kept. */
export function toOlder(age: Age, moreMs: number, position: number, keepMs: number): Age {
  const livedMs = age.livedMs + moreMs;
  const isMarked = livedMs - (age.marks.at(-1)?.[0] ?? -keepMs) < keepMs / marksMax;
  const marks = isMarked ? age.marks : [...age.marks, [livedMs, position] as const];
  return { livedMs, marks: marks.slice(Math.max(0, findLast({ livedMs, marks }, keepMs))) };
}

/** The last position that is older than that; 0 where none is known to be. */
export const findOld = (age: Age, keepMs: number): number =>
  age.marks[findLast(age, keepMs)]?.[1] ?? 0;

const findLast = ({ livedMs, marks }: Age, keepMs: number): number =>
  marks.findLastIndex(([at]) => at <= livedMs - keepMs);

/** Stores what is carried as it removes the runs, so that totals agree with the books. True when more may be due. */
function pruneSome(
  { journal, onPruned, carry = (carried) => carried ?? null }: EngineOptions,
  settledBefore: number,
  upTo: number,
  guard: Guard,
): boolean {
  if (!journal.hasRoom()) return false;
  const due = journal.listPrunable(settledBefore, upTo, batchMax);
  const gone: string[] = [];
  let carried = journal.readCarried();
  for (const id of due) {
    const state = tryReplay(journal.read(id)?.events ?? []);
    // A run whose events make no sense stays, for a person to look into, and keeps no other from going.
    if (!state) continue;
    carried = toStored(carry(carried, state, id), 'carried');
    gone.push(id);
  }
  if (gone.length === 0) return false;
  journal.prune(gone, carried);
  guard(() => onPruned?.(gone));
  return due.length === batchMax;
}
