import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';

const root = resolve(import.meta.dirname, '..');
const PROGRAMS = 6;
/** Each program's, and Jaeger's. */
const ADDRESSES = PROGRAMS + 1;
const nowhereElse = { OTEL_EXPORTER_OTLP_ENDPOINT: '', JAEGER_UI_URL: '' };
const JAEGER_BIN = join(root, 'scripts/jaeger/jaeger-stand-in.ts');
let dataFolder: string;

beforeEach(() => {
  dataFolder = mkdtempSync(join(tmpdir(), 'dev-'));
});
afterEach(() => rmSync(dataFolder, { recursive: true, force: true }));

async function isServing(address: string): Promise<boolean> {
  return await fetch(`${address}/health/live`).then(
    ({ ok }) => ok,
    () => false,
  );
}

test('serves every app, the second payment provider and Jaeger, and frees every port when npm alone is told to stop', async () => {
  const npm = spawn('npm', ['run', 'dev'], {
    cwd: root,
    env: { ...process.env, DATA_DIR: dataFolder, PORT: '0', JAEGER_BIN, ...nowhereElse },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const exit = once(npm, 'exit');
  let output = '';
  npm.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  const addresses = () => output.match(/http:\/\/localhost:\d+$/gm) ?? [];
  try {
    await expect.poll(addresses, { timeout: 45_000 }).toHaveLength(ADDRESSES);
    expect(await Promise.all(addresses().map(isServing))).toEqual(Array(ADDRESSES).fill(true));
  } finally {
    npm.kill('SIGINT');
    await exit;
  }
  expect(await Promise.all(addresses().map(isServing))).toEqual(Array(ADDRESSES).fill(false));
  expect(output).toMatch(/All 6 are up: every route at http:\/\/localhost:\d+\/docs/);
  expect(output).toMatch(/^jaeger +http:/m);
  expect(output).toMatch(/Every order's trace: http:\/\/localhost:\d+,/);
  expect(output).not.toMatch(/turbo \d|cache bypass|Failed/);
}, 75_000);
