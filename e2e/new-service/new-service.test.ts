/**
 * docs/your-own.md, done in a copy of this repository: a voucher between reserve and pay, taken off what is paid. One
 * file is written by hand. Everything that this repository asks of itself must then hold.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { findParticipant } from '@baton/contracts';
import { createOrchestratorClient, type OrchestratorClient } from '@baton/service-kit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { copyTree } from '../src/tree-copy.ts';
import { Dev, npm } from './commands.ts';

const root = resolve(import.meta.dirname, '../..');
const folder = mkdtempSync(join(tmpdir(), 'baton-voucher-'));
const tree = join(folder, 'baton');
const workflow = join(tree, 'apps/orchestrator/src/place-order');
const here = {
  tree,
  env: { DATA_DIR: join(folder, 'data'), NODE_COMPILE_CACHE: join(folder, 'compiled') },
};
const read = (path: string): string => readFileSync(join(tree, path), 'utf8');

let dev: Dev | undefined;
let client: OrchestratorClient | undefined;
/** What `npm run new:service` printed. */
let said: string;

afterAll(async () => {
  await client?.close();
  await dev?.stop();
  rmSync(folder, { recursive: true });
});

/** The one file by hand: the newest version, with what was printed pasted in, and the voucher's worth taken off. */
function writeVersion(): void {
  const versions = readdirSync(workflow).map((file) => Number(/^v(\d+)\.ts$/.exec(file)?.[1] ?? 0));
  const newest = Math.max(...versions);
  const taken = /^ *'voucher-service': vouchers,$/m.exec(said)?.[0] ?? '';
  const step = /^ *\.step\('voucher'[\s\S]*?^ *\}\)$/m.exec(said)?.[0] ?? '';
  const rest = 'done.validate.total.amountMinor - done.voucher.amountMinor';
  const text = [
    [`version: ${newest}`, `version: ${newest + 1}`],
    ['}: Participants', `${taken}\n}: Participants`],
    [".pivot('pay'", `${step}\n.pivot('pay'`],
    ['amount: done.validate.total', `amount: { ...done.validate.total, amountMinor: ${rest} }`],
  ].reduce(
    (before, [from = '', to = '']) => {
      if (!before.includes(from)) throw new Error(`v${newest}.ts has no ${from}`);
      return before.replaceAll(from, to);
    },
    readFileSync(join(workflow, `v${newest}.ts`), 'utf8'),
  );
  writeFileSync(join(workflow, `v${newest + 1}.ts`), text);
}

beforeAll(() => copyTree(tree, { dependencies: 'copied' }), 300_000);

describe.runIf(!findParticipant('payment-third'))('a further instance of payment-service', () => {
  beforeAll(
    () =>
      void npm(here, 'run', 'new:service', '--', 'payment-third', '--program', 'payment-service'),
    300_000,
  );

  it('breaks no test of the orchestrator', () => {
    expect(npm(here, 'test', '--', 'apps/orchestrator')).toMatch(/Test Files +\d+ passed/);
  }, 300_000);
});

// Whoever has added a voucher already has done what this does.
describe.runIf(!findParticipant('voucher-service'))('a voucher before the payment', () => {
  beforeAll(() => {
    said = npm(here, 'run', 'new:service', '--', 'voucher');
    writeVersion();
    npm(here, 'run', 'format');
    npm(here, 'run', 'generate');
  }, 300_000);

  it('adds to the lock file the new workspace and nothing else', () => {
    const before = readFileSync(join(root, 'package-lock.json'), 'utf8').split('\n');
    const after = read('package-lock.json').split('\n');
    const added = after.filter((line) => !before.includes(line));
    expect(before.filter((line) => !after.includes(line))).toEqual([]);
    expect(added.length).toBeGreaterThan(1);
    expect(added.filter((line) => !line.includes('voucher-service'))).toEqual([]);
  });

  it('passes npm run check', () => void npm(here, 'run', 'check'), 300_000);

  it('passes the tests of the service, of the workflow, and of all that follows from the list', () => {
    const tests = [
      'apps/voucher-service',
      'place-order',
      'deployment',
      'openapi',
      'packages/faults',
    ];
    expect(npm(here, 'test', '--', ...tests)).toMatch(/Test Files +\d+ passed/);
  }, 300_000);

  it('starts the service and the second instance with all others', async () => {
    dev = new Dev(here);
    await expect.poll(() => dev?.output, { timeout: 180_000 }).toMatch(/^All \d+ are up/m);
    expect(dev.urlOf('payment-third')).not.toBe(dev.urlOf('payment-service'));
    client = createOrchestratorClient({ baseUrl: dev.urlOf('orchestrator') });
  });

  /** What a participant answers. */
  async function ask(name: string, path: string): Promise<unknown> {
    return (await fetch(`${dev?.urlOf(name)}${path}`)).json();
  }

  async function place(token: string) {
    const order = {
      customerId: 'ada',
      lines: [{ sku: 'mug', quantity: 2 }],
      payment: { method: 'card' as const, token },
    };
    const placed = await client?.placeOrder(order, { waitSeconds: 30 });
    if (!placed?.ok || !('steps' in placed.body)) throw new Error(JSON.stringify(placed));
    return placed.body;
  }

  it('may join: it conforms to the protocol', () => {
    expect(npm(here, 'run', 'conformance', '--', dev?.urlOf('voucher-service') ?? '')).toMatch(
      /^\d+ passed, 0 failed$/m,
    );
  });

  it('gets its voucher once though the answer was lost, and the customer pays less', async () => {
    npm(here, 'run', 'fault', '--', 'voucher.apply', 'lost-reply', '--times', '2');
    const { orderId, status, steps } = await place('tok_ok');
    npm(here, 'run', 'fault', '--', 'off');
    expect(status).toBe('completed');
    const names = steps.map(({ name }) => name);
    expect(names[names.indexOf('pay') - 1]).toBe('voucher');
    const paid = await ask('payment-service', `/payments/${orderId}`);
    const voucher = await ask('voucher-service', `/vouchers/${orderId}`);
    expect(voucher).toMatchObject({ status: 'applied', amountMinor: 200 });
    expect(paid).toMatchObject({
      payments: [{ status: 'taken', amount: { amountMinor: 2_400 - 200 } }],
    });
    const life = npm(here, 'run', 'explain', '--', orderId);
    expect(life).toMatch(/voucher, attempt 1: (?!voucher-service did it)/);
    expect(life).toContain(
      'voucher, attempt 3: voucher-service had done it for an earlier attempt',
    );
  });

  it('has its voucher revoked when the payment is declined', async () => {
    const { orderId, status } = await place('tok_declined');
    expect(status).toBe('compensated');
    expect(await ask('voucher-service', `/vouchers/${orderId}`)).toMatchObject({
      status: 'revoked',
    });
    expect(npm(here, 'run', 'explain', '--', orderId)).toContain(
      'undo of voucher, attempt 1: voucher-service undid it',
    );
  });

  it('leaves the books balanced', async () => {
    const audit = await client?.getAudit();
    expect(audit).toMatchObject({ ok: true, body: { balanced: true, openOrders: 0 } });
  });

  it('is in the failure matrix, every fault of it', () => {
    expect(npm(here, 'run', 'matrix')).toMatch(/^\d+ cells played/m);
    const page = read('docs/failure-matrix.md');
    const [, columns = ''] = /^\|fault\|commit\|(.+)\|$/m.exec(page) ?? [];
    const operations = columns.split('|').map((column) => column.replace('<br>', '.'));
    const place = operations.indexOf('voucher.apply');
    expect(operations.slice(place, place + 3)).toEqual([
      'voucher.apply',
      'voucher.revoke',
      'payment.process',
    ]);
  }, 300_000);
});
