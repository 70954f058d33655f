import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { faultableOperations } from '@baton/contracts';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { scheduleFaults } from '../packages/faults/src/fault-schedule.ts';
import { runFault } from './fault-command.ts';

const faultScript = join(import.meta.dirname, 'fault.ts');

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fault-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const toEnv = (more = {}) => ({ ...process.env, NODE_ENV: '', DATA_DIR: folder, ...more });

async function fault(words: string, more = {}) {
  const said: string[] = [];
  await runFault({
    args: words.split(' ').filter(Boolean),
    env: toEnv(more),
    say: (text) => said.push(...text.split('\n')),
    stopped: new AbortController().signal,
  });
  return said;
}

test('lists what is on, and forgets it when it is switched off', async () => {
  expect(await fault('')).toHaveLength(faultableOperations.length);
  const line = 'payment.process lost-reply --order ord_1 --times 2 --fraction 0.3 --for 60s';
  expect((await fault(line)).join()).toMatch(
    /^payment\.process +lost-reply +order ord_1, the first 2 attempts, 30 % of attempts, until 20/,
  );
  await fault('inventory.reserve status --status 429 --retry-after 3');
  const on = (await fault('')).filter((state) => !state.endsWith('off'));
  expect(on.map((state) => state.split(/ +/).slice(0, 4))).toEqual([
    ['inventory.reserve', 'status', 'status=429', 'retryAfter=3'],
    ['payment.process', 'lost-reply', 'order', 'ord_1,'],
  ]);
  expect((await fault('off payment.process')).join()).toMatch(/off$/);
  expect(await fault('off')).toEqual(['All faults are off.']);
  expect((await fault('')).every((state) => state.endsWith('off'))).toBe(true);
  expect(readdirSync(folder)).toEqual(['faults.json']);
});

test.each([
  [
    'payment.proces reset',
    /^No operation payment\.proces: there are order\.validate, .*, or off, random$/,
  ],
  ['payment.process explode', /^No fault explode: there are latency, status, .*, decline$/],
  ['payment.process', /^Which fault\? There are latency, .*$/],
  ['payment.process reset --ms 3', /^reset takes no --ms$/],
  ['payment.process latency --ms soon', /^--ms: .*$/],
  ['payment.process status --retry-after -1', /^Option '--retry-after' argument is ambiguous: .*$/],
  [
    'payment.process decline --code nope',
    /^--code nope: payment\.process can be declined with payment-declined$/,
  ],
  ['payment.process reset --for soon', /^--for soon: a time is 500ms, 60s, 5m or 1h, and .*$/],
  ['payment.process reset --for 25h', /^--for 25h: .* at most 24h$/],
  ['payment.process reset --loud', /^Unknown option '--loud': there are --order, .*$/],
  ['random --seed x', /^--seed x: a seed is a whole number$/],
  ['off payment.process now', /^Too many words: now; .*$/],
])('%s is answered with one line that says what there is', async (words, expected) => {
  await expect(fault(words)).rejects.toThrow(expected);
  await expect(fault(words)).rejects.not.toThrow(/\n/);
  expect(readdirSync(folder)).toEqual([]);
});

test('ends with 1 and one line when a file cannot be read, and mends it', async () => {
  writeFileSync(join(folder, 'faults.json'), '{');
  const { status, stderr } = spawnSync(
    process.execPath,
    [faultScript, 'payment.process', 'reset'],
    {
      env: toEnv(),
      encoding: 'utf8',
    },
  );
  expect([status, stderr]).toEqual([
    1,
    `${join(folder, 'faults.json')} is not JSON; npm run fault -- off empties it\n`,
  ]);
  expect(await fault('off')).toEqual(['All faults are off.']);
  expect(await fault('')).toHaveLength(faultableOperations.length);
});

test.each([{ NODE_ENV: 'production' }, { FAULTS: 'off' }])(
  'has nothing to switch with %j',
  async (env) => {
    await expect(fault('', env)).rejects.toThrow('no faults in production');
  },
);

test('plays the same faults for the same seed, and ends with everything off', async () => {
  const said = await fault('random --seed 7 --for 1s');
  expect(said[0]).toBe('Seed 7. Ctrl-C ends it.');
  const { operation, fault: first } = scheduleFaults(7).next().value;
  expect(said[1]?.split(/ +/).slice(0, 2)).toEqual([operation, first?.kind]);
  expect(said.at(-1)).toBe('All faults are off.');
});

test('switches everything off on Ctrl-C', async () => {
  const child = spawn(process.execPath, [faultScript, 'random', '--seed', '7'], { env: toEnv() });
  const lines: string[] = [];
  const reader = createInterface({ input: child.stdout });
  reader.on('line', (line) => {
    lines.push(line);
    if (lines.length === 2) child.kill('SIGINT');
  });
  const [[code]] = await Promise.all([once(child, 'exit'), once(reader, 'close')]);
  expect(code).toBe(0);
  expect(lines.at(-1)).toBe('All faults are off.');
  expect((await fault('')).every((state) => state.endsWith('off'))).toBe(true);
});
