/** What the documents of a running system promise to a stranger that knows nothing else. */
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import openapiTypeScript, { astToString } from 'openapi-typescript';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { type AppName, appNames, type System, startSystem } from './processes.ts';

const root = join(import.meta.dirname, '../..');
const token = 'an-operator-token-of-some-length';

let folder: string;
let system: System;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'baton-documents-'));
  system = await startSystem(folder, { OPERATOR_TOKEN: token });
});
afterAll(async () => {
  await system.stop();
  rmSync(folder, { recursive: true });
});

const addressOf = (name: AppName): string => `http://127.0.0.1:${system.apps.get(name)?.port}`;

const Entry = z.looseObject({
  responses: z.record(z.string(), z.unknown()),
  security: z.array(z.record(z.string(), z.array(z.string()))).default([]),
});
const Document = z.object({
  paths: z.record(z.string(), z.record(z.string(), Entry)),
  components: z.looseObject({
    securitySchemes: z.record(z.string(), z.looseObject({ scheme: z.string() })).default({}),
  }),
});

/** Of whoever shows no token; of a stream, its beginning. */
async function ask(method: string, address: string): Promise<number> {
  const answer = await fetch(address, { method: method.toUpperCase() });
  await answer.body?.cancel();
  return answer.status;
}

it.each(appNames)('says of %s where the token is asked for, and nowhere else', async (name) => {
  const address = addressOf(name);
  const text = await (await fetch(`${address}/openapi.json`)).json();
  const { paths, components } = Document.parse(text);
  const said: unknown[] = [];
  const done: unknown[] = [];
  for (const [path, entries] of Object.entries(paths)) {
    const asked = path.replace('{operation}', 'order.cancel').replace('{id}', 'ord_1');
    for (const [method, { responses, security }] of Object.entries(entries)) {
      const schemes = security.flatMap((needed) => Object.keys(needed));
      const bearer = schemes.map((scheme) => components.securitySchemes[scheme]?.scheme);
      said.push([method, path, '401' in responses, bearer]);
      const isRefused = (await ask(method, `${address}${asked}`)) === 401;
      done.push([method, path, isRefused, isRefused ? ['bearer'] : []]);
    }
  }
  expect(said).toEqual(done);
});

/** Beside our dependencies, as the clients stand on one of them. */
const work = join(root, 'node_modules/.cache/typescript-clients');

function run(program: string, ...args: readonly string[]): string {
  const { stdout, stderr, status } = spawnSync(program, args, { cwd: work, encoding: 'utf8' });
  return status === 0 ? '' : `${stdout}${stderr}`;
}

it('is enough for TypeScript clients that compile and work', async () => {
  rmSync(work, { recursive: true, force: true });
  mkdirSync(work, { recursive: true });
  for (const name of appNames) {
    const types = await openapiTypeScript(new URL(`${addressOf(name)}/openapi.json`));
    writeFileSync(join(work, `${name}.ts`), astToString(types));
  }
  copyFileSync(join(root, 'e2e/clients/shop.ts'), join(work, 'shop.ts'));
  writeFileSync(
    join(work, 'tsconfig.json'),
    JSON.stringify({
      extends: join(root, 'tsconfig.json'),
      compilerOptions: { noEmit: false, outDir: 'js', rootDir: '.' },
      include: ['*.ts'],
      exclude: [],
    }),
  );
  writeFileSync(join(work, 'package.json'), '{"type":"module"}');
  expect(run(join(root, 'node_modules/.bin/tsc'))).toBe('');
  const addresses = [addressOf('orchestrator'), addressOf('payment-service')];
  expect(run(process.execPath, 'js/shop.js', ...addresses, token)).toBe('');
});
