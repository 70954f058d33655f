/** The files of a new service, written about a sample thing. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeAbout } from './noun.ts';

const folder = join(import.meta.dirname, 'template');

export const readTemplates = (): (readonly [path: string, text: string])[] =>
  globSync('**/*.txt', { cwd: folder }).map((path) => [
    path.replace(/\.txt$/, ''),
    readFileSync(join(folder, path), 'utf8'),
  ]);

/** A name that the noun would define, though the templates use it already: `Instant`, for an instant. */
export function findClash(noun: string): string | undefined {
  const words = new Set(readTemplates().flatMap(([, text]) => text.match(/\w+/g) ?? []));
  return ['SampleThing', 'SampleThingId']
    .map((name) => writeAbout(noun, name))
    .find((name) => words.has(name));
}
