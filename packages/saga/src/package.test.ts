import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const source = resolve(import.meta.dirname, '..');
const root = resolve(source, '..', '..');
const folder = mkdtempSync(join(tmpdir(), 'baton-pack-'));
const program = join(folder, 'program');
const run = (cwd: string, command: string, ...args: string[]): string =>
  execFileSync(command, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });

describe('the packed engine', () => {
  beforeAll(() => {
    const tarball = run(source, 'node', join('scripts', 'pack.ts'), folder).trim();
    mkdirSync(program);
    writeFileSync(join(program, 'package.json'), '{ "private": true, "type": "module" }');
    run(program, 'npm', 'install', '--offline', '--ignore-scripts', '--no-audit', tarball);
  }, 120_000);
  afterAll(() => rmSync(folder, { recursive: true }));

  test('brings JavaScript, types, its readme and its licence, and depends on nothing', () => {
    const installed = join(program, 'node_modules', '@baton', 'saga');
    const manifest = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8'));
    expect(manifest).toMatchObject({
      name: '@baton/saga',
      engines: { node: '>=24.15' },
      exports: { '.': expect.anything(), './testing': expect.anything() },
    });
    expect(manifest).not.toHaveProperty('dependencies');
    expect(readFileSync(join(installed, 'LICENSE'), 'utf8')).toContain('MIT');
    const files = run(installed, 'find', '.', '-type', 'f').split('\n');
    expect(files).toEqual(expect.arrayContaining(['./README.md', './lib/index.js']));
    expect(files.filter((file) => /\.test\.|fixtures|suites|[^d]\.ts$/.test(file))).toEqual([]);
  });

  test('runs the program of its readme under plain Node, and finds the run again', () => {
    const [, code = ''] =
      /```js\n(.*?)```/s.exec(readFileSync(join(source, 'README.md'), 'utf8')) ?? [];
    const [, printed] = /console\.log.*\/\/ (.*)/.exec(code) ?? [];
    writeFileSync(join(program, 'trip.js'), code);
    expect(printed).toBeDefined();
    expect(run(program, 'node', 'trip.js')).toBe(`${printed}\n`);
    expect(run(program, 'node', 'trip.js')).toBe(`${printed}\n`);
  });

  test('has types that compile, and that mean something', () => {
    writeFileSync(
      join(program, 'typed.ts'),
      `import { createEngine, type Engine, ok, saga, type Schema } from '@baton/saga';
       import { createMemoryJournal, createVirtualClock } from '@baton/saga/testing';
       declare const input: Schema<{ readonly card: string }>;
       const trip = saga('trip', { version: 1, input })
         .step('pay', { perform: async ({ input: { card } }) => ok({ card }), undo: null })
         .step('fly', { perform: async ({ done }) => ok(done.pay.card), undo: null })
         // @ts-expect-error the name is taken
         .step('fly', { perform: async () => ok(null), undo: null })
         .end();
       const clock = createVirtualClock();
       const engine: Engine = await createEngine({ journal: createMemoryJournal(), sagas: [], clock });
       // @ts-expect-error a card is missing
       await engine.submit(trip, {});`,
    );
    const flags = ['--noEmit', '--strict', '--target', 'es2024', '--module', 'nodenext'];
    expect(run(program, join(root, 'node_modules', '.bin', 'tsc'), ...flags, 'typed.ts')).toBe('');
  });
});
