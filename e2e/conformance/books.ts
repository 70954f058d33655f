/** What the participant's own reads say, so that an effect can be seen from outside. */
import type { Order } from './order-request.ts';
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

/**
 * The trace that an effect left: how often a read names the order, or, where it names none, by how
 * much its numbers moved. Two single effects of equal requests leave equal traces; a doubled one
 * does not.
 */
export const toTrace = (before: Books, after: Books, { id }: Order): string =>
  JSON.stringify(
    [...after].map(([path, text]) => {
      const times = text.split(id).length - 1;
      return [path, times > 0 ? times : listDifferences(before.get(path) ?? '', text)];
    }),
  );
