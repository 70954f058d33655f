/** What came and what ended in the last minutes, counted as it is committed: a page has it with its first answer. */
import type { Overview } from '@baton/contracts';
import type { Feed } from '@baton/saga';

const sliceMs = 5_000;
const slicesMax = 60;
/** Durations are shown for the last minute. */
const latelyMax = 12;
/** Durations are counted in steps of a tenth, so that a slice has some 150 of them at most. */
const growth = 1.1;

interface Slice {
  accepted: number;
  completed: number;
  /** How many ended in each step. */
  readonly took: Map<number, number>;
}

export function countRates(
  feed: Pick<Feed, 'subscribe'>,
  now: () => number,
): () => Overview['rates'] {
  const slices = new Map<number, Slice>();
  const toNumber = (): number => Math.floor(now() / sliceMs);
  feed.subscribe(({ event, state }) => {
    if (event.type === 'accepted') findSlice(slices, toNumber()).accepted += 1;
    if (event.type !== 'completed' && event.type !== 'compensated') return;
    const slice = findSlice(slices, toNumber());
    if (event.type === 'completed') slice.completed += 1;
    const step = Math.ceil(Math.log(Math.max(1, event.at - state.acceptedAt)) / Math.log(growth));
    slice.took.set(step, (slice.took.get(step) ?? 0) + 1);
  });
  return () => {
    const last = toNumber() - 1;
    const count = (what: 'accepted' | 'completed') =>
      Array.from(
        { length: slicesMax },
        (_, place) => slices.get(last - slicesMax + 1 + place)?.[what] ?? 0,
      );
    const lately = [...slices].flatMap(([number, { took }]) =>
      number > last - latelyMax ? [...took] : [],
    );
    return {
      sliceMs,
      accepted: count('accepted'),
      completed: count('completed'),
      halfWithinMs: findQuantile(lately, 0.5),
      mostWithinMs: findQuantile(lately, 0.95),
    };
  };
}

/** Forgets slices that are too old, and slices of a clock that was ahead. */
function findSlice(slices: Map<number, Slice>, number: number): Slice {
  const known = slices.get(number);
  if (known) return known;
  for (const other of slices.keys())
    if (other <= number - slicesMax - 1 || other > number) slices.delete(other);
  const slice = { accepted: 0, completed: 0, took: new Map<number, number>() };
  slices.set(number, slice);
  return slice;
}

/** Null where nothing ended. */
function findQuantile(
  took: readonly (readonly [step: number, count: number])[],
  share: number,
): number | null {
  const all = took.reduce((sum, [, count]) => sum + count, 0);
  let seen = 0;
  for (const [step, count] of took.toSorted(([a], [b]) => a - b)) {
    seen += count;
    if (seen > all * share || seen === all) return Math.round(growth ** step);
  }
  return null;
}
