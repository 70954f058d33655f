/**
 * A speed, as a ratio of two times that were measured one after the other: a slow machine slows both. Another program
 * may still disturb one of them, so the median of a few counts, and a bad one is measured again.
 */
const roundsOdd = 3;
const triesMax = 3;

export async function measureMedianRatio(
  limit: number,
  measure: () => Promise<number>,
): Promise<number> {
  let median = Number.POSITIVE_INFINITY;
  for (let tries = 0; tries < triesMax && median > limit; tries++) {
    const ratios: number[] = [];
    while (ratios.length < roundsOdd) ratios.push(await measure());
    median = readMedian(ratios);
  }
  return median;
}

export const readMedian = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
