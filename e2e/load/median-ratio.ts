/**
 * A speed, as a ratio of two times that were taken one after the other: no machine is so slow that both would not be.
 * Something else may still have the machine for one of them, so the median of a few counts, and a bad one is taken anew.
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
