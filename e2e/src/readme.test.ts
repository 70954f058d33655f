/** The program in README.md that calls the orchestrator, run as it stands, at a port of its own. */
import { execFile } from 'node:child_process';
import { globSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type FiveApps, startFiveApps } from './five-apps.ts';

const root = join(import.meta.dirname, '../..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const page = read('README.md');
const [, program = ''] = /```ts\n( *import .*?)```/s.exec(page) ?? [];
const [, excerpt = ''] = /```ts\n( *\.step.*?)```/s.exec(page) ?? [];

let folder: string;
let apps: FiveApps;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'baton-readme-'));
  apps = await startFiveApps(folder);
});
afterEach(async () => {
  await apps.close();
  rmSync(folder, { recursive: true });
});

it('places an order, and is told that it completed', async () => {
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  const file = join(folder, 'program.mts');
  expect(program).toContain('http://127.0.0.1:4000');
  writeFileSync(file, program.replace('http://127.0.0.1:4000', apps.url));
  const { stdout } = await promisify(execFile)(process.execPath, [file]);
  expect(stdout).toMatch(/^200 ord_\w+\n$/);
  expect(apps.errors).toEqual([]);
});

it('shows a part of the workflow as it stands', () => {
  const versions = globSync('apps/orchestrator/src/place-order/v*.ts', { cwd: root });
  expect(excerpt).toContain("step('reserve'");
  expect(versions.map(read).some((workflow) => workflow.includes(excerpt))).toBe(true);
});

it('runs the ten lines of docs/your-own.md: an orchestrator of a workflow that is not about orders', async () => {
  const [, tenLines = ''] = /```ts\n(import .*?)```/s.exec(read('docs/your-own.md')) ?? [];
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  const listen = "app.listen(5000, '127.0.0.1');";
  expect(tenLines).toContain(listen);
  writeFileSync(
    join(folder, 'ship.mts'),
    tenLines.replace(
      listen,
      `const server = app.listen(0, '127.0.0.1', async () => {
        const url = 'http://127.0.0.1:' + server.address().port + '/shipments';
        const headers = { 'content-type': 'application/json', prefer: 'wait=10' };
        const answer = await fetch(url, { method: 'POST', headers, body: '{"to":"Ada"}' });
        console.log(JSON.stringify(await answer.json()));
        process.exit();
      });`,
    ),
  );
  const { stdout } = await promisify(execFile)(process.execPath, ['ship.mts'], { cwd: folder });
  expect(stdout).toMatch(/"shipmentId":"shp_[0-9a-f]{32}","status":"completed"/);
});
