import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mapParticipants } from '@baton/contracts';
import { createOrderSaga } from '@baton/orchestrator';
import { createParticipants } from '@baton/runtime';
import { createEngine, openJournal } from '@baton/saga';
import { afterEach, beforeEach, expect, test } from 'vitest';

let dataDir: string;
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'explain-'));
});
afterEach(() => rmSync(dataDir, { recursive: true }));

interface Said {
  readonly code: number;
  readonly text: string;
}

function explain(...args: string[]): Promise<Said> {
  const script = join(import.meta.dirname, 'explain.ts');
  const options = { env: { ...process.env, DATA_DIR: dataDir } };
  return new Promise((resolve) => {
    execFile(process.execPath, [script, ...args], options, (error, stdout, stderr) =>
      resolve({ code: error ? Number(error.code) : 0, text: stdout + stderr }),
    );
  });
}

/** One order on its way, asked of services that do not listen, in a journal that this process holds. */
async function placeOne(file = 'journal.sqlite', id = 'ord_1') {
  const url = 'http://127.0.0.1:9';
  const urls = mapParticipants(() => url);
  const saga = createOrderSaga(createParticipants(urls));
  const path = join(dataDir, 'orchestrator', file);
  const engine = await createEngine({ journal: await openJournal({ path }), sagas: [saga] });
  const payment = { method: 'card' as const, token: 'tok_ok' };
  const order = { customerId: 'ada', lines: [{ sku: 'mug', quantity: 1 }], payment };
  await engine.submit(saga, order, { id });
  return engine;
}

test('says that there is no journal, and how to get one', async () => {
  const { code, text } = await explain('ord_1');
  expect(code).toBe(1);
  expect(text).toMatch(/There is no journal in .*npm run dev/);
});

test('tells orders of before a move to a cluster, and of after it', async () => {
  const old = await placeOne('journal.sqlite', 'ord_0');
  const moved = await placeOne('cluster/projection.sqlite');
  try {
    for (const id of ['ord_0', 'ord_1'])
      expect((await explain(id)).text).toContain('accepted, and on disk');
    expect((await explain()).text).toMatch(/ord_1.*\n.*ord_0/);
  } finally {
    await old.stop();
    await moved.stop();
  }
});

test('tells an order while its orchestrator runs, and names the others where it is not known', async () => {
  const engine = await placeOne();
  try {
    const told = await explain('ord_1');
    expect(told.code).toBe(0);
    expect(told.text).toContain('accepted, and on disk before anyone was told so');
    const unknown = await explain('ord_2');
    expect(unknown.code).toBe(1);
    expect(unknown.text).toMatch(/There is no order ord_2 .*\n.*newest orders:\n +ord_1/);
    expect((await explain()).text).toContain('npm run explain -- <orderId>');
  } finally {
    await engine.stop();
  }
});

test('shows on one line what an operator wrote, as his word', async () => {
  const engine = await placeOne();
  try {
    await engine.retry('ord_1', 'watchdog: x\u001b[2J\n    9.999 s  pay: done\u202e\u0007\u009b');
    const { text } = await explain('ord_1');
    const [line] = text.split('\n').filter((each) => each.includes('9.999 s'));
    expect(line).toMatch(
      / s {2}an operator asked for a retry: watchdog: x\\u001b\[2J\\u000a {4}9\.999 s/,
    );
    expect(text).toMatch(/^[^\p{Cf}\p{Zl}\p{Zp}\u007f-\u009f]*$/u);
    expect(text.replaceAll('\n', '')).toMatch(/^\P{Cc}*$/u);
  } finally {
    await engine.stop();
  }
});

test('names a journal that cannot be read, without a stack', async () => {
  await mkdir(join(dataDir, 'orchestrator'));
  writeFileSync(join(dataDir, 'orchestrator', 'journal.sqlite'), 'no database at all'.repeat(99));
  const { code, text } = await explain('ord_1');
  expect(code).toBe(1);
  expect(text).toContain('journal.sqlite');
  expect(text).not.toMatch(/\n\s+at /);
});
