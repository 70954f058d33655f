/** docs/failure-classes.md and docs/security.md promise tests: each must be there, under its name. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');

interface Promised {
  readonly path: string;
  readonly title: string;
}

/** Each stands on a line of a list. */
const readPromised = (page: string): Promised[] =>
  [...page.matchAll(/^- `([\w./-]+\.ts)`: (.+)$/gm)].map(([, path = '', title = '']) => ({
    path,
    title,
  }));

/** As a test's title, or as the first words of one that goes on with a figure. */
const stands = ({ path, title }: Promised): boolean =>
  existsSync(join(root, path)) &&
  ["'", '`', '"'].some((quote) => read(path).includes(`${quote}${title}`));

const failureClasses = read('docs/failure-classes.md');

test.each(['docs/failure-classes.md', 'docs/security.md'])(
  '%s names no test that is not there',
  (page) => {
    const promised = readPromised(read(page));
    expect(promised.length).toBeGreaterThan(10);
    expect(promised.filter((each) => !stands(each))).toEqual([]);
  },
);

test('each of the eighteen classes has a test', () => {
  const sections = failureClasses.split(/^## /m).slice(1);
  expect(sections.map((section) => Number.parseInt(section, 10))).toEqual(
    Array.from({ length: 18 }, (_, index) => index + 1),
  );
  expect(sections.filter((section) => readPromised(section).length === 0)).toEqual([]);
});
