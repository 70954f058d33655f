/** docs/settings.md has every setting that an app reads, with its default and an example that is taken; and no other. */
import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { listedParticipants } from '@baton/contracts';
import { readOrchestratorEnv } from '@baton/runtime';
import { readServiceEnv } from '@baton/service-kit';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const page = read('docs/settings.md');

type Source = Readonly<Record<string, string>>;
const readShared = (source: Source): Readonly<Record<string, unknown>> =>
  readServiceEnv({ port: 4002, shape: {} }, source);

interface Row {
  readonly name: string;
  readonly standard: string;
  readonly example: string;
}
function readRows(heading: string): Row[] {
  const [, section = ''] = page.split(`\n## ${heading}\n`);
  const [own = ''] = section.split('\n## ');
  return [...own.matchAll(/^\| `(\w+)` \| (.+?) \| .+ \| `(\w+)=(.+)` \|$/gm)].map(
    ([, name = '', standard = '', named = '', example = '']) => {
      expect(named).toBe(name);
      return { name, standard, example };
    },
  );
}

/** What cannot be asked for by a name: a setting without a default leaves no trace in what was read. */
const readNames = (path: string): string[] =>
  [...read(path).matchAll(/^ {2}([A-Z][A-Z_]+): /gm)].map(([, name = '']) => name);

/** As the page has it: a path from the repository's root on, and `none` for what is not there. */
function toStandard(name: string, value: unknown): string {
  if (name === 'PORT') return 'its own';
  if (value === undefined || (Array.isArray(value) && value.length === 0)) return 'none';
  return `\`${name === 'DATA_DIR' ? relative(root, String(value)) : String(value)}\``;
}

const apps = [
  { heading: 'Every app', path: 'packages/service-kit/src/env.ts', readEnv: readShared },
  {
    heading: 'The orchestrator',
    path: 'packages/runtime/src/env.ts',
    readEnv: (source: Source): Readonly<Record<string, unknown>> => readOrchestratorEnv(source),
  },
];

test.each(apps)('$heading: every setting, and no other', ({ heading, path, readEnv }) => {
  const rows = readRows(heading);
  expect(rows.map(({ name }) => name).toSorted()).toEqual(readNames(path).toSorted());
  const shared = heading === 'Every app' ? [] : readRows('Every app').map(({ name }) => name);
  // One sentence tells of all their addresses.
  const addresses = listedParticipants.map(({ urlVariable }) => urlVariable);
  const known = new Set([
    ...rows.map(({ name }) => name),
    ...shared,
    ...addresses,
    'participantUrls',
    'otel',
  ]);
  expect(Object.keys(readEnv({})).filter((name) => !known.has(name))).toEqual([]);
});

test.each(apps)('$heading: the defaults are those', ({ heading, readEnv }) => {
  const env = readEnv({});
  const rows = readRows(heading);
  expect(rows.map(({ name, standard }) => [name, standard])).toEqual(
    rows.map(({ name }) => [name, toStandard(name, env[name])]),
  );
});

test.each(apps)('$heading: each example is taken, and heard', ({ heading, readEnv }) => {
  const token = { OPERATOR_TOKEN: 'sixteen-characters' };
  for (const { name, example } of readRows(heading))
    expect([name, readEnv({ ...token, [name]: example })[name]]).not.toEqual([name, undefined]);
});

test('the participants: the one setting that only they have', () => {
  const [, name] = /shape = \{ (\w+):/.exec(read('packages/service-kit/src/participant.ts')) ?? [];
  const [, section = ''] = page.split('\n## The participants\n');
  expect(/^\| `(\w+)`/m.exec(section)?.[1]).toBe(name);
});
