import { execFile, execFileSync, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createEngine } from './embedded/embedded-engine.ts';
import { createMemoryJournal } from './testing/memory-journal.ts';

const source = resolve(import.meta.dirname, '..');
const root = resolve(source, '..', '..');
const readme = readFileSync(join(source, 'README.md'), 'utf8');
const folder = mkdtempSync(join(tmpdir(), 'baton-pack-'));
const program = join(folder, 'program');
const installed = join(program, 'node_modules', '@baton', 'saga');
const run = (cwd: string, command: string, ...args: string[]): string =>
  execFileSync(command, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
function compile(file: string, ...flags: string[]): string {
  const strict = ['--noEmit', '--strict', '--target', 'es2024', '--module', 'nodenext'];
  return run(program, join(root, 'node_modules', '.bin', 'tsc'), ...strict, ...flags, file);
}
/** What stands first in such a block. */
const readBlock = (language: string): string =>
  new RegExp(`\`\`\`${language}\\n(.*?)\`\`\``, 's').exec(readme)?.[1] ?? '';

/** A service with seats that is out of order once; it hears all. */
function createSeats() {
  const heard: object[] = [];
  const server = createServer(async (request, response) => {
    let text = '';
    for await (const chunk of request) text += chunk;
    heard.push({ url: request.url, key: request.headers['idempotency-key'], text });
    response.writeHead(heard.length === 1 ? 503 : 200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ orderId: 'ord_1', holdId: 'hold_1' }));
  });
  return { server, heard };
}

describe('the packed engine', () => {
  beforeAll(() => {
    const tarball = run(source, 'node', join('scripts', 'pack.ts'), folder).trim();
    mkdirSync(program);
    writeFileSync(join(program, 'package.json'), '{ "private": true, "type": "module" }');
    run(program, 'npm', 'install', '--offline', '--ignore-scripts', '--no-audit', tarball);
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test('brings JavaScript, types, its readme and its licence, and depends on nothing', () => {
    const manifest = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8'));
    expect(manifest).toMatchObject({
      name: '@baton/saga',
      engines: { node: '>=24.15' },
      exports: Object.fromEntries(
        ['.', './http', './testing'].map((entry) => [entry, expect.anything()]),
      ),
    });
    expect(manifest).not.toHaveProperty('dependencies');
    expect(readFileSync(join(installed, 'LICENSE'), 'utf8')).toContain('MIT');
    const files = run(installed, 'find', '.', '-type', 'f').split('\n');
    expect(files).toEqual(expect.arrayContaining(['./README.md', './lib/saga/src/index.js']));
    expect(files.filter((file) => /\.test\.|fixtures|suites|[^d]\.ts$/.test(file))).toEqual([]);
    const code = files.filter((file) => /\.(js|ts)$/.test(file));
    const imports = code.flatMap((file) => [
      ...readFileSync(join(installed, file), 'utf8').matchAll(/(?:from|import)[ (]['"]([^'"]+)/g),
    ]);
    const outside = imports
      .map(([, name = '']) => name)
      .filter((name) => !/^(\.|node:)/.test(name));
    expect([imports.length > 0, outside]).toEqual([true, []]);
  });

  describe('on a Node that is too old', () => {
    const clear =
      /Error: @baton\/saga needs Node 24\.15 or newer \(this is v\d+\.\d+\.\d+\): .*https:\/\/nodejs\.org/;
    const listOldNodes = (): string[] =>
      (process.env.PATH ?? '')
        .split(delimiter)
        .map((place) => join(place, 'node'))
        .filter((file) => existsSync(file) && isOld(run(root, file, '--version')));
    const isOld = (version: string): boolean => {
      const [major = 0, minor = 0] = version.slice(1).split('.').map(Number);
      // The first ones could not import ECMAScript modules.
      return major >= 18 && (major < 24 || (major === 24 && minor < 15));
    };
    const importOn = (node: string, entry: string, ...flags: string[]): string => {
      const code = `import ${JSON.stringify(entry)}`;
      const args = [...flags, '--input-type=module', '--eval', code];
      const { status, stderr } = spawnSync(node, args, { cwd: program, encoding: 'utf8' });
      expect(status).toBe(1);
      return stderr;
    };

    test.each([
      ['@baton/saga', '20.20.2'],
      ['@baton/saga', '24.14.9'],
      ['@baton/saga/testing', '20.20.2'],
    ])('%s says which one it needs: %s', (entry, version) => {
      // Without SQLite, as the oldest ones are: also what is only imported is looked for.
      writeFileSync(
        join(program, 'pretend.mjs'),
        `import { registerHooks } from 'node:module';
         Object.defineProperty(process, 'version', { value: 'v${version}' });
         Object.defineProperty(process, 'versions', { value: { node: '${version}' } });
         process.getBuiltinModule = () => undefined;
         registerHooks({
           resolve(name, context, next) {
             if (name === 'node:sqlite') throw new Error('No such built-in module: node:sqlite');
             return next(name, context);
           },
         });`,
      );
      const said = importOn('node', entry, '--import', './pretend.mjs');
      expect(said).toMatch(clear);
      expect(said).toContain(`(this is v${version})`);
    });

    test.skipIf(listOldNodes().length === 0)('says so on each one that is installed here', () => {
      for (const node of listOldNodes()) expect(importOn(node, '@baton/saga')).toMatch(clear);
    });
  });

  test('runs the program of its readme under plain Node, and finds the run again', () => {
    const code = readBlock('js');
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
    expect(compile('typed.ts')).toBe('');
  });

  test('runs the step over HTTP of its readme: one key on every attempt and on the undo', async () => {
    mkdirSync(join(program, 'node_modules', '@types'));
    for (const name of ['zod', '@types/node'])
      symlinkSync(join(root, 'node_modules', name), join(program, 'node_modules', name));
    writeFileSync(join(program, 'booking.ts'), readBlock('ts'));
    expect(compile('booking.ts', '--types', 'node')).toBe('');
    const { server, heard } = createSeats();
    await new Promise<void>((up) => server.listen(0, '127.0.0.1', up));
    const { port } = server.address() as AddressInfo;
    const env = { PATH: process.env.PATH, SEATS_URL: `http://127.0.0.1:${port}` };
    const start = () => promisify(execFile)('node', ['booking.ts'], { cwd: program, env });
    expect((await start()).stdout).toBe(readBlock('text'));
    const hold = { url: '/hold', key: 'ord_1:seat', text: '{"orderId":"ord_1","seats":2}' };
    const drop = { url: '/drop', key: 'ord_1:seat', text: '{"orderId":"ord_1"}' };
    expect(heard).toEqual([hold, hold, drop]);
    expect((await start()).stdout).toMatch(/^known\ncompensated declined hold_1\n/);
    expect(heard).toHaveLength(3);
    server.close();
  });
});

test('the readme leads nowhere that the package does not have', () => {
  const headings = [...readme.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) => heading);
  const anchors = headings.map((heading) => `#${heading.toLowerCase().replaceAll(' ', '-')}`);
  const links = [...readme.matchAll(/\]\(([^)]+)\)/g)].map(([, link = '']) => link);
  expect(links.length).toBeGreaterThan(2);
  expect(links.filter((link) => !link.startsWith('https:') && !anchors.includes(link))).toEqual([]);
});

test('the readme has a row for each method of the engine, and for no other', async () => {
  const engine = await createEngine({ journal: createMemoryJournal(), sagas: [] });
  const methods = Object.getOwnPropertyNames(Object.getPrototypeOf(engine));
  const [, section = ''] = /^## The engine\n(.*?)^## /ms.exec(readme) ?? [];
  const rows = [...section.matchAll(/^\| `(\w+)[(`]/gm)].map(([, name]) => name);
  // `start` is what createEngine awaits.
  const ports = ['feed', 'notices', 'archive'];
  const known = [...ports, ...methods.filter((name) => !['constructor', 'start'].includes(name))];
  expect(rows.toSorted()).toEqual(known.toSorted());
  await engine.stop();
});
