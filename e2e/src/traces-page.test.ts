/** docs/traces.md has every span and every attribute that there is, and none that there is not. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { serviceContracts } from '@baton/contracts';
import { spanAttributes } from '@baton/telemetry';
import { beforeAll, expect, it } from 'vitest';
import { stories } from './stories.ts';
import { playTraced, type TracedEnding } from './traced-story.ts';

const page = readFileSync(join(import.meta.dirname, '../../docs/traces.md'), 'utf8');

/** What stands in backticks in the first column of a table. */
function readColumn(heading: string): string[] {
  const [, section = ''] = page.split(`## ${heading}\n`);
  const [table = ''] = section.split('\n## ');
  return table
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .flatMap((line) => [...(line.split('|')[1] ?? '').matchAll(/`([^`]+)`/g)])
    .map(([, name = '']) => name);
}

let names: ReadonlySet<string>;
beforeAll(async () => {
  const endings: TracedEnding[] = [];
  for (const story of stories) endings.push(await playTraced(story));
  names = new Set(
    endings
      .flatMap(({ told, measured }) => [...told, ...measured])
      .map(({ name }) => name.replace(/, attempt \d+( or later)?$/, '')),
  );
});

/** Each contract's own span, of which the page names one. */
const isOfContract = (name: string): boolean =>
  [...serviceContracts.values()]
    .flatMap((operations) => Object.values(operations))
    .some((operation) => name === `POST ${operation.path}`);

it('names each attribute', () => {
  expect(readColumn('The attributes').toSorted()).toEqual(spanAttributes.toSorted());
});

it('names each span of the stories', () => {
  const known = readColumn('The spans');
  expect([...names].filter((name) => !known.includes(name) && !isOfContract(name))).toEqual([]);
});

it('names no span that there is not', () => {
  // Those that no story of one short order and one crash-free orchestrator comes to.
  const rare = [
    'order goes on in another trace',
    'queued',
    'retry requested',
    'written off',
    'quarantined',
    'orchestrator recovered',
    'undo interrupted',
    'fence',
  ];
  const known = readColumn('The spans');
  expect(known.filter((name) => !names.has(name) && !isOfContract(name)).toSorted()).toEqual(
    rare.toSorted(),
  );
});
