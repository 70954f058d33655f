/** What the linters cannot see of the house style. */
import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { expect, test } from 'vitest';
import { readFunctionLengths } from './function-length.ts';
import { listNamedArrows } from './named-arrows.ts';
import { readStructures } from './structures.ts';

const root = join(import.meta.dirname, '..');

interface SourceFile {
  readonly path: string;
  readonly text: string;
  readonly lines: number;
  readonly isTest: boolean;
}

function readSource(path: string): SourceFile {
  const text = readFileSync(join(root, path), 'utf8');
  const isTest = path.endsWith('.test.ts') || path.startsWith('e2e/') || /\/testing\//.test(path);
  return { path, text, lines: text.trimEnd().split('\n').length, isTest };
}

const sources = globSync('{apps,packages,e2e,scripts,bench,deploy}/**/*.{ts,tsx}', {
  cwd: root,
  exclude: ['**/node_modules/**', '**/dist/**'],
}).map(readSource);

function offenders(isOffender: (file: SourceFile) => boolean): string[] {
  return sources.filter(isOffender).map(({ path, lines }) => `${path} (${lines} lines)`);
}

function readJson(path: string) {
  // turbo.json allows whole-line comments.
  return JSON.parse(readFileSync(join(root, path), 'utf8').replaceAll(/^\s*\/\/.*$/gm, ''));
}

test('every file can be read in one go', () => {
  expect(sources.length).toBeGreaterThan(0);
  expect(offenders(({ lines, isTest }) => lines > (isTest ? 500 : 300))).toEqual([]);
});

test('every function can be read without scrolling', () => {
  const long = sources
    .filter(({ isTest }) => !isTest)
    .flatMap(({ path, text }) =>
      readFunctionLengths(path, text).map((found) => ({ path, ...found })),
    )
    .filter(({ lines }) => lines > 50);
  expect(long).toEqual([]);
});

test('every file is named for what it holds', () => {
  const vague = /\b(utils?|helpers?|types|common|managers?|misc)\b/;
  expect(offenders(({ path }) => vague.test(basename(path)))).toEqual([]);
});

// Biome holds the names of constants, and that imports go in no circle.
test('a function with statements is a declaration, and a file opens with a doc comment', () => {
  const isForeign = ({ path, text }: SourceFile) =>
    text.startsWith('//') || listNamedArrows(path, text).length > 0;
  expect(offenders(isForeign)).toEqual([]);
});

test('nothing is left to be done in a comment', () => {
  expect(
    offenders(({ text }) => /(^|\s)(\/\/|\/?\*+) .*\b(TODO|FIXME|XXX|HACK)\b/m.test(text)),
  ).toEqual([]);
});

test('no sleep stands in a test for something that can be awaited', () => {
  const sleep = /await (new Promise\(\((\w+)\) => setTimeout\(\2|delay\(|sleep\(|setTimeout\()/;
  const tests = ({ path }: SourceFile) => path.endsWith('.test.ts');
  expect(offenders((file) => tests(file) && sleep.test(file.text))).toEqual([]);
});

test('each version of the workflow is in the file of its number, and no number is left out', () => {
  expect(Object.keys(readStructures())).toContain('v1');
});

test('the engine is small enough to be known by heart', () => {
  const files = sources.filter(
    ({ path, isTest }) =>
      /^packages\/saga\/src\//.test(path) && !isTest && !/\/fixtures\//.test(path),
  );
  expect(files.length).toBeGreaterThan(20);
  expect(files.reduce((sum, { lines }) => sum + lines, 0)).toBeLessThanOrEqual(4_556);
});

const countCode = (text: string): number =>
  text.split('\n').filter((line) => line.trim() && !/^\s*(\/\/|\/?\*)/.test(line)).length;

test('SQLite’s part can be read in one sitting', () => {
  const part = sources.filter(
    ({ path, isTest }) => /^packages\/sqlite\/src\/[^/]+$/.test(path) && !isTest,
  );
  expect(part.length).toBeGreaterThan(0);
  expect(part.reduce((sum, { text }) => sum + countCode(text), 0)).toBeLessThanOrEqual(490);
});

test('the engine needs nothing at run time but what its package brings along', () => {
  const needs = (name: string) =>
    Object.keys(readJson(`packages/${name}/package.json`).dependencies ?? {});
  expect([needs('saga'), needs('sqlite')]).toEqual([['@baton/sqlite'], []]);
});

// turbo boundaries lets a package without a tag, or with a tag that has no rule, import anything.
test('every workspace package is bound by a rule', () => {
  const ruled = Object.keys(readJson('turbo.json').boundaries.tags);
  const packages = globSync('{apps,packages}/*/package.json', { cwd: root });
  const unruled = packages.filter((path) => {
    const { tags = [] } = readJson(path.replace(/package\.json$/, 'turbo.json'));
    return !tags.some((tag: string) => ruled.includes(tag));
  });
  expect(unruled).toEqual([]);
});
