/** The participant's own reads: they show an effect from outside. */
import type { Wire } from './wire.ts';

export type Books = ReadonlyMap<string, string>;

export async function readBooks(wire: Wire, paths: readonly string[]): Promise<Books> {
  const answers = paths.map(async (path) => {
    const { status, text } = await wire({ method: 'GET', path });
    return [path, `${status} ${text}`] as const;
  });
  return new Map(await Promise.all(answers));
}

/** A read that differs though nothing was done, such as one with a clock, says nothing. */
export async function findSteadyReads(
  wire: Wire,
  paths: readonly string[],
): Promise<readonly string[]> {
  const first = await readBooks(wire, paths);
  const second = await readBooks(wire, paths);
  return paths.filter((path) => first.get(path) === second.get(path));
}

export const listChanged = (before: Books, after: Books): readonly string[] =>
  [...after].flatMap(([path, text]) => (before.get(path) === text ? [] : [path]));

const listNumbers = (text: string): readonly number[] =>
  (text.match(/-?\d+(\.\d+)?(?=[,}\]])/g) ?? []).map(Number);

function listDifferences(before: string, after: string): readonly number[] {
  const earlier = listNumbers(before);
  return listNumbers(after)
    .map((n, i) => n - (earlier[i] ?? 0))
    .filter((difference) => difference !== 0);
}

const count = (text: string, part: string): number => text.split(part).length - 1;

const countNumbers = (text: string, own: readonly string[]): number =>
  listNumbers(text).filter((n) => own.includes(String(n))).length;

/** How often a read names a value of the order: as a text, as a new number, or as a change of its numbers. */
function countOwn(before: string, after: string, own: readonly string[]): number {
  const texts = own.filter((value) => Number.isNaN(Number(value)));
  const named =
    texts.reduce((sum, text) => sum + count(after, text), 0) +
    Math.max(0, countNumbers(after, own) - countNumbers(before, own));
  const moved = () => listDifferences(before, after).filter((n) => own.includes(String(n)));
  return named > 0 ? named : moved().length;
}

/**
 * The trace of an effect: how often a read names the order's own values, or, where it names none, by how much its numbers
 * moved. Two single effects of otherwise equal requests leave equal traces; a doubled effect does not.
 */
export const toTrace = (before: Books, after: Books, own: readonly string[]): string =>
  JSON.stringify(
    [...after].map(([path, text]) => {
      const earlier = before.get(path) ?? '';
      const times = countOwn(earlier, text, own);
      return [path, times > 0 ? times : listDifferences(earlier, text)];
    }),
  );
