/** Statistics of rounds that ran side by side. Ratios only: a figure a second says more of the machine than of us. */

export interface Spread {
  readonly median: number;
  /** The middle half of the rounds lies between these two. */
  readonly lower: number;
  readonly upper: number;
}

/** The quantile, interpolated between its neighbours. */
export function readQuantile(sorted: readonly number[], share: number): number {
  const place = (sorted.length - 1) * share;
  const below = sorted[Math.floor(place)] ?? Number.NaN;
  const above = sorted[Math.ceil(place)] ?? Number.NaN;
  return below + (above - below) * (place - Math.floor(place));
}

/** NaN throughout without values. */
export function toSpread(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  return {
    median: readQuantile(sorted, 0.5),
    lower: readQuantile(sorted, 0.25),
    upper: readQuantile(sorted, 0.75),
  };
}

export const toText = ({ median, lower, upper }: Spread): string =>
  `${median.toFixed(2)} (${lower.toFixed(2)} to ${upper.toFixed(2)})`;

/** The quantile of a normal distribution for 95 % certainty. */
const deviations = 1.96;

/** Whether the true median, and not just the samples', is on one side of the limit. */
export function isDecided(values: readonly number[], limit: number): boolean {
  const sorted = values.toSorted((a, b) => a - b);
  // The number of samples below the true median is as the number of heads in so many throws of a coin.
  const rank = Math.floor((sorted.length - deviations * Math.sqrt(sorted.length)) / 2);
  const lowest = sorted.at(rank);
  const highest = sorted.at(-1 - rank);
  if (rank < 0 || lowest === undefined || highest === undefined) return false;
  return lowest >= limit || highest < limit;
}

type Pair<T> = readonly [a: T, b: T];

/** Two at a time, in turns: A B, B A, A B … so that neither always has the warmer or the emptier machine. */
export async function runPairs<T>(
  isEnough: (pairs: readonly Pair<T>[]) => boolean,
  runA: () => Promise<T>,
  runB: () => Promise<T>,
): Promise<readonly Pair<T>[]> {
  const pairs: Pair<T>[] = [];
  while (!isEnough(pairs)) {
    if (pairs.length % 2 === 0) {
      const a = await runA();
      pairs.push([a, await runB()]);
    } else {
      const b = await runB();
      pairs.push([await runA(), b]);
    }
  }
  return pairs;
}
