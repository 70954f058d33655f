/** What the participant's own reads say, so that an effect can be seen from outside. */
import type { Wire } from './wire.ts';

export type Books = ReadonlyMap<string, string>;

export async function readBooks(wire: Wire, paths: readonly string[]): Promise<Books> {
  const answers = paths.map(async (path) => {
    const { status, text } = await wire({ method: 'GET', path });
    return [path, `${status} ${text}`] as const;
  });
  return new Map(await Promise.all(answers));
}

/** Reads that differ though nothing was done, such as one with a clock in it, say nothing. */
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

/** How often a read names what is an order's own: as a text, as a number that was not there, or as what its numbers moved by. */
function countOwn(before: string, after: string, own: readonly string[]): number {
  const texts = own.filter((value) => Number.isNaN(Number(value)));
  const named =
    texts.reduce((sum, text) => sum + count(after, text), 0) +
    Math.max(0, countNumbers(after, own) - countNumbers(before, own));
  const moved = () => listDifferences(before, after).filter((n) => own.includes(String(n)));
  return named > 0 ? named : moved().length;
}

/**
 * The trace that an effect left: how often a read names what is the order's own, or, where it names none of it, by how
 * much its numbers moved. Two single effects of requests that differ in nothing else leave equal traces; a doubled one
 * does not.
 */
export const toTrace = (before: Books, after: Books, own: readonly string[]): string =>
  JSON.stringify(
    [...after].map(([path, text]) => {
      const earlier = before.get(path) ?? '';
      const times = countOwn(earlier, text, own);
      return [path, times > 0 ? times : listDifferences(earlier, text)];
    }),
  );
