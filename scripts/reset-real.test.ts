/** Whatever a real run leaves is reset's to know: a file that is new to it fails here. */
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startSystem } from '../e2e/src/processes.ts';

let folder: string;
let collector: Server;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'reset-'));
  collector = createServer((request, response) => {
    request.resume();
    response.setHeader('content-type', 'application/json').end('{}');
  }).listen(0, '127.0.0.1');
  await once(collector, 'listening');
});
afterEach(() => {
  collector.close();
  rmSync(folder, { recursive: true, force: true });
});

function reset() {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(import.meta.dirname, 'reset.ts')],
    { env: { ...process.env, DATA_DIR: folder }, encoding: 'utf8' },
  );
  return { status, output: stdout + stderr };
}

async function placeOrder(port = 0): Promise<void> {
  const answer = await fetch(`http://127.0.0.1:${port}/orders`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', prefer: 'wait=10' },
    body: JSON.stringify({
      customerId: 'ada',
      lines: [{ sku: 'mug', quantity: 1 }],
      payment: { method: 'card', token: 'tok_ok' },
    }),
  });
  expect(answer.status).toBe(200);
}

test('says that a running Baton is in use, and empties what it left', async () => {
  const address = collector.address();
  const port = typeof address === 'object' && address?.port;
  const tracing = { OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}` };
  const system = await startSystem(folder, { ...tracing, STANDBY: 'true' });
  try {
    const orchestratorPort = system.apps.get('orchestrator')?.port;
    await placeOrder(orchestratorPort);
    await fetch(`http://127.0.0.1:${orchestratorPort}/audit`);
    for (const name of ['catalog.json', 'totals.json', 'traced-to', 'traced-by'])
      await expect.poll(() => existsSync(join(folder, 'orchestrator', name))).toBe(true);
    const refused = reset();
    expect(refused.output).toMatch(/^Nothing was removed: .* is in use; stop Baton first\.\n$/);
    expect(refused.status).toBe(1);
  } finally {
    await system.end();
  }
  expect(reset()).toEqual({ status: 0, output: `${folder} is empty now.\n` });
  expect(readdirSync(folder)).toEqual([]);
});

test('empties what a killed Baton left', async () => {
  const system = await startSystem(folder);
  await placeOrder(system.apps.get('orchestrator')?.port);
  await system.stop();
  expect(reset()).toEqual({ status: 0, output: `${folder} is empty now.\n` });
  expect(readdirSync(folder)).toEqual([]);
});
