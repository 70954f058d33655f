/** docs/tactics.md shows how everything recovers: whatever it sends its reader to must be there. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { faultableOperations, faultKinds } from '@baton/contracts';
import { describe, expect, test } from 'vitest';
import { stories } from './demo/stories.ts';

const root = join(import.meta.dirname, '..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');

const page = read('docs/tactics.md');
const sections = page.split(/^## /m).slice(1);
const titleOf = (section: string): string => section.split('\n')[0] ?? '';
const scripts = JSON.parse(read('package.json')).scripts;

/** Said in so many words, and nothing is promised for it. */
const missing: readonly string[] = [];
const tactics = sections.filter((section) => !missing.includes(titleOf(section)));

const classes = read('docs/failure-classes.md').split(/^## /m).slice(1);

/** A tactic has tests of its own, and those of the classes of failure that it names. */
const readProofs = (section: string) =>
  [section, ...readClasses(section)].flatMap((text) => readPromised(text));

const readClasses = (section: string): string[] =>
  [...section.matchAll(/\[class(?:es)? (.+?)\]\(failure-classes\.md\)/g)].flatMap(
    ([, named = '']) =>
      [...named.matchAll(/\d+/g)].map(
        ([number]) =>
          classes.find((text) => text.startsWith(`${number}. `)) ?? `no class ${number}`,
      ),
  );

const readPromised = (section: string) =>
  [...section.matchAll(/^- `([\w./-]+\.ts)`: (.+)$/gm)].map(([, path = '', title = '']) => ({
    path,
    title,
  }));

/** As a test's title, or as the first words of one that goes on with a figure. */
const stands = ({ path, title }: { readonly path: string; readonly title: string }): boolean =>
  existsSync(join(root, path)) &&
  ["'", '`', '"'].some((quote) => read(path).includes(`${quote}${title}`));

const readCommands = (section: string): string[] =>
  [...section.matchAll(/^```sh\n(.*?)^```/gms)].map(([, commands = '']) => commands);

test('lists every tactic once, and tells of each', () => {
  const listed = [...page.matchAll(/^- \[(.+?)\]\(#(.+?)\)/gm)];
  expect(listed.map(([, title]) => title)).toEqual(sections.map(titleOf));
  expect(
    listed.map(([, title = '']) => title.toLowerCase().replace(/,/g, '').replace(/ /g, '-')),
  ).toEqual(listed.map(([, , anchor]) => anchor));
  expect(sections).toHaveLength(14);
});

test('says plainly what is not there yet', () => {
  const absent = sections.filter((section) => section.includes('**Not there yet.**'));
  expect(absent.map(titleOf)).toEqual(missing);
});

describe.each(tactics.map((section) => [titleOf(section), section]))('%s', (_title, section) => {
  test('says what goes wrong, what is done, and how to see it', () => {
    for (const part of ['Trouble.', 'Answer.', 'Try']) expect(section).toContain(`**${part}`);
  });

  test('is proven by tests that are there', () => {
    const promised = readProofs(section);
    expect(promised.length).toBeGreaterThanOrEqual(3);
    expect(readClasses(section).filter((text) => text.startsWith('no class'))).toEqual([]);
    expect(promised.filter((each) => !stands(each))).toEqual([]);
  });

  test('can be seen in the demo, or with commands that there are', () => {
    const told = [...section.matchAll(/demo story (\d+), \*(.+?)\*/g)];
    const commands = readCommands(section);
    const isElsewhere = section.includes('[the tutorial]');
    expect(told.length + commands.length > 0 || isElsewhere).toBe(true);
    for (const [, number, title] of told) expect(stories[Number(number) - 1]?.title).toBe(title);
  });
});

test('every story of the demo but the first, where all is well, shows a tactic', () => {
  const told = new Set([...page.matchAll(/demo story (\d+)/g)].map(([, number]) => Number(number)));
  expect(stories.map((_story, place) => place + 1).filter((number) => !told.has(number))).toEqual([
    1,
  ]);
});

test('every command can be typed as it stands', () => {
  const commands = readCommands(page).join('');
  const ran = [...commands.matchAll(/npm run ([\w:-]+)/g)].map(([, name = '']) => name);
  expect(ran.filter((name) => !(name in scripts))).toEqual([]);
  const onForAll = [...commands.matchAll(/npm run fault -- ([\w-]+\.\w+) (\S+)/g)];
  const onForOne = [...commands.matchAll(/[=|]([\w-]+\.\w+):([\w-]+)/g)];
  expect(onForAll.length * onForOne.length).toBeGreaterThan(0);
  const faults = [...onForAll, ...onForOne].map(([, operation, kind]) => ({ operation, kind }));
  const isKnown = ({ operation, kind }: (typeof faults)[number]): boolean =>
    faultableOperations.some((known) => known === operation) &&
    faultKinds.some((known) => known === kind);
  expect(faults.filter((fault) => !isKnown(fault))).toEqual([]);
});
