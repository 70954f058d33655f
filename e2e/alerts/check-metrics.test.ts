/** Prometheus's own tool reads the pages that apps answer, and has nothing to say against any name in them. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type System, startSystem } from '../src/processes.ts';

const folder = mkdtempSync(join(tmpdir(), 'baton-check-metrics-'));
let system: System;

beforeAll(async () => {
  system = await startSystem(folder);
  const answer = await fetch(`http://127.0.0.1:${system.apps.get('orchestrator')?.port}/orders`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', prefer: 'wait=20' },
    body: JSON.stringify({
      customerId: 'ada',
      lines: [{ sku: 'mug', quantity: 1 }],
      payment: { method: 'card', token: 'tok_ok' },
    }),
  });
  expect(answer.status).toBe(200);
});
afterAll(async () => {
  await system?.stop();
  rmSync(folder, { recursive: true });
});

it.each(['orchestrator', 'payment-service'] as const)('the page of %s', async (name) => {
  const page = await fetch(`http://127.0.0.1:${system.apps.get(name)?.port}/metrics`);
  const input = await page.text();
  expect(input).toContain('http_server_request_duration_seconds_count{');
  const { status, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], {
    input,
    encoding: 'utf8',
  });
  expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: '', stderr: '' });
});
