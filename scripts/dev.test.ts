import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { listedParticipants, mapParticipants, orchestratorPort } from '@baton/contracts';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { findFreeBlock, firstMax } from './dev-ports.ts';

const root = resolve(import.meta.dirname, '..');
const programs = listedParticipants.length + 1;
/** Each program's, and Jaeger's. */
const addressCount = programs + 1;
const nowhereElse = { OTEL_EXPORTER_OTLP_ENDPOINT: '', JAEGER_UI_URL: '' };
const jaegerBin = join(root, 'scripts/jaeger/jaeger-stand-in.ts');
let dataFolder: string;
let npm: ChildProcess;
let output: string;

beforeEach(() => {
  dataFolder = mkdtempSync(join(tmpdir(), 'dev-'));
  output = '';
});
afterEach(() => rmSync(dataFolder, { recursive: true, force: true }));

const turboBin = join(root, 'node_modules/.bin/turbo');
const turboPrefix = '//:dev: ';

function startDev(env: NodeJS.ProcessEnv, ...[program = 'npm', ...args]: readonly string[]): void {
  npm = spawn(program, args.length > 0 ? args : ['run', 'dev'], {
    cwd: root,
    env: { ...process.env, ...nowhereElse, DATA_DIR: dataFolder, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  npm.stdout?.setEncoding('utf8').on('data', (text: string) => {
    output += text.replaceAll(turboPrefix, '');
  });
}

async function stopDev(kill = () => npm.kill('SIGINT')): Promise<void> {
  const exit = once(npm, 'exit');
  if (npm.exitCode !== null || !kill()) return;
  await exit;
}
const pressCtrlC = () => process.kill(-Number(npm.pid), 'SIGINT');

const addresses = () => output.match(/http:\/\/localhost:\d+$/gm) ?? [];
/** Who said to be at which port. */
const said = () =>
  Object.fromEntries(
    [...output.matchAll(/^(\S+).* http:\/\/localhost:(\d+)$/gm)].map(([, name, port]) => [
      name,
      Number(port),
    ]),
  );

async function isServing(address: string): Promise<boolean> {
  return await fetch(`${address}/health/live`).then(
    ({ ok }) => ok,
    () => false,
  );
}

/** How an order ended that the payment service has heard of. */
async function payOrder(orchestrator = 0, payments = 0): Promise<string> {
  const answer = await fetch(`http://127.0.0.1:${orchestrator}/orders`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', prefer: 'wait=20' },
    body: JSON.stringify({
      customerId: 'ada',
      lines: [{ sku: 'mug', quantity: 1 }],
      payment: { method: 'card', token: 'tok_ok' },
    }),
  });
  const [, orderId, status = ''] =
    /"orderId":"(\w+)","status":"(\w+)"/.exec(await answer.text()) ?? [];
  const heard = await fetch(`http://127.0.0.1:${payments}/payments`).then((paid) => paid.text());
  expect(heard).toContain(orderId);
  return status;
}

test('serves every app, the second payment provider and Jaeger wherever there is room, and frees every port when npm alone is told to stop', async () => {
  startDev({ PORT: '0', JAEGER_BIN: jaegerBin });
  try {
    await expect.poll(addresses, { timeout: 120_000 }).toHaveLength(addressCount);
    expect(await Promise.all(addresses().map(isServing))).toEqual(Array(addressCount).fill(true));
    const { orchestrator, 'payment-service': payments } = said();
    expect(await payOrder(orchestrator, payments)).toBe('completed');
  } finally {
    await stopDev();
  }
  expect(await Promise.all(addresses().map(isServing))).toEqual(Array(addressCount).fill(false));
  expect(output).toMatch(
    /All \d+ are up, with a standby orchestrator and Jaeger: every route at http:\/\/localhost:\d+\/docs/,
  );
  expect(output).toMatch(/^jaeger +http:/m);
  expect(output).toMatch(/Every order's trace: http:\/\/localhost:\d+,/);
  expect(output).not.toMatch(/turbo \d|cache bypass|Failed/);
}, 300_000);

test('serves everything in the block that PORT begins, and calls itself there, also by turbo dev', async () => {
  const first = await findFreeBlock();
  startDev({ PORT: String(first), JAEGER_BIN: 'none' }, turboBin, 'dev');
  try {
    await expect.poll(addresses, { timeout: 120_000 }).toHaveLength(programs);
    expect(said()).toEqual({
      orchestrator: first,
      ...mapParticipants(({ port }) => first + port - orchestratorPort),
    });
    expect(await payOrder(first, first + 3)).toBe('completed');
    expect(output).toContain(`All ${programs} are up, with a standby orchestrator: every route`);
    expect(output).toContain(`a first order in README.md, with ${first} in place of 4000`);
  } finally {
    await stopDev(pressCtrlC);
  }
}, 300_000);

function refuse(port: string) {
  const { status, stderr } = spawnSync(process.execPath, [join(root, 'scripts/dev.ts')], {
    env: { ...process.env, DATA_DIR: dataFolder, PORT: port },
    encoding: 'utf8',
    timeout: 120_000,
  });
  return [status, stderr];
}

test.each([String(firstMax + 1), 'http', '-1', '5e3'])('refuses PORT=%s in one line', (port) => {
  expect(refuse(port)).toEqual([
    1,
    expect.stringMatching(
      new RegExp(`^PORT=\\S+: .* at most ${firstMax} \\(for example PORT=5000\\).*\\n$`),
    ),
  ]);
});

test.each([
  ['4044', 4_045],
  ['6000', 6_000],
])('refuses PORT=%s in one line, as fetch refuses a port of its block', (port, refused) => {
  expect(refuse(port)).toEqual([
    1,
    `PORT=${port}: fetch and browsers refuse port ${refused}, which is in its block; set PORT to another (for example PORT=5000).\n`,
  ]);
});
