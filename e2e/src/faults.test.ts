/** Every kind of fault at every effect and undo, over real HTTP: what came back, and what was done. Then whom it hits. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type FaultOperation,
  faultableOperations,
  faultHeader,
  findFaultContract,
  listDeclineCodes,
} from '@baton/contracts';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type BrokenServices, findEffectOf, startBrokenServices } from './broken-services.ts';

const folder = mkdtempSync(join(tmpdir(), 'baton-faults-'));
let services: BrokenServices;
beforeAll(async () => {
  services = await startBrokenServices(folder);
});
afterAll(async () => {
  await services.close();
  rmSync(folder, { recursive: true });
});
afterEach(() => {
  expect(services.findStockFault()).toBe(0);
});

let orders = 0;
function newOrder() {
  orders += 1;
  return `ord_fault_${orders}`;
}

const reset = { reply: 'unknown', code: 'connection-reset' };
const soonMs = 40;
const lateMs = 200;
/** A drip is ten waits, and a timer may ring a millisecond early. */
const earlyMaxMs = 10;
interface Case {
  readonly fault: string;
  /** Undefined: done, as without the fault. */
  readonly reply?: object;
  readonly isDone: boolean;
  readonly atLeastMs?: number;
  readonly timeoutMs?: number;
}
const cases: readonly Case[] = [
  { fault: `latency:ms=${soonMs}`, isDone: true, atLeastMs: soonMs },
  {
    fault: 'status:status=503:retryAfter=2',
    reply: { reply: 'unknown', code: 'status-503', retriable: true, retryAfterMs: 2_000 },
    isDone: false,
  },
  { fault: 'status:status=404', reply: { code: 'status-404', retriable: false }, isDone: false },
  {
    fault: 'hang',
    reply: { reply: 'unknown', code: 'timed-out' },
    isDone: false,
    // Long enough that the request has come by then, also where the machine stood still for a while.
    timeoutMs: 300,
  },
  { fault: 'reset', reply: reset, isDone: false },
  { fault: 'lost-reply', reply: reset, isDone: true },
  { fault: 'duplicate', isDone: true },
  { fault: `late:ms=${lateMs}`, reply: reset, isDone: false },
  { fault: 'malformed', reply: { reply: 'unknown', code: 'malformed-reply' }, isDone: true },
  { fault: `drip:ms=${soonMs}`, isDone: true, atLeastMs: soonMs },
  { fault: 'crash:when=before', reply: reset, isDone: false },
  { fault: 'crash:when=after', reply: reset, isDone: true },
  {
    fault: 'overload',
    reply: { reply: 'unknown', code: 'status-429', retriable: true, retryAfterMs: 1_000 },
    isDone: false,
  },
  { fault: 'decline', reply: { reply: 'refused' }, isDone: false },
];

/** On a machine that stood still meanwhile, what is late has come before anybody looks. */
const countInTime = (kind: string, sentMs: number, count: () => number, left: number): number =>
  kind === 'late' && performance.now() - sentMs >= lateMs ? left : count();

describe.each(cases)('$fault', ({ fault, reply, isDone, atLeastMs = 0, timeoutMs = 5_000 }) => {
  const [kind = ''] = fault.split(':');

  it.each(faultableOperations)('at %s', async (operation) => {
    const orderId = newOrder();
    const effect = findEffectOf(operation);
    const isUndo = effect !== undefined;
    if (effect) expect((await services.send(effect, orderId)).reply.reply).toBe('ok');
    const [undone, done] = isUndo ? [1, 0] : [0, 1];
    const count = () => services.countStanding(operation, orderId);
    const crashes = services.crashes();
    const baggage = `baton.fault=${operation}:${fault}:times=1`;

    const sentMs = performance.now();
    const first = await services.send(operation, orderId, { baggage, timeoutMs });
    const left = isDone ? done : undone;
    expect(countInTime(kind, sentMs, count, left)).toBe(left);
    expect(first.reply).toMatchObject(reply ?? { reply: 'ok', output: { orderId } });
    expect(first.reply.note).toBe(`injected ${operation}:${kind}`);
    expect(first.elapsedMs).toBeGreaterThanOrEqual(atLeastMs - earlyMaxMs);
    expect(services.logged).toContainEqual(
      expect.objectContaining({ fault: kind, operation, orderId, attempt: 1 }),
    );
    if (first.exchange.kind === 'response')
      expect(first.exchange.response.headers[faultHeader]).toBe(kind);
    expect(services.crashes() - crashes).toBe(kind === 'crash' ? 1 : 0);
    if (kind === 'late') await expect.poll(count, { interval: 5 }).toBe(done);

    await expectWhole(operation, orderId, { baggage, isRefused: kind === 'decline' && !isUndo });
  });
});

/** The next attempt is not hit: it ends what was begun, once, or meets what was decided. The fence still holds. */
async function expectWhole(
  operation: FaultOperation,
  orderId: string,
  { baggage, isRefused }: { readonly baggage: string; readonly isRefused: boolean },
): Promise<void> {
  const count = () => services.countStanding(operation, orderId);
  const effect = findEffectOf(operation);
  const [code] = listDeclineCodes(findFaultContract(operation));
  const { reply } = await services.send(operation, orderId, { baggage, attempt: 2 });
  const expected = isRefused ? { reply: 'refused', code } : { reply: 'ok', output: { orderId } };
  expect(reply).toMatchObject(expected);
  expect(count()).toBe(isRefused || effect ? 0 : 1);
  if (!effect) return;
  const late = await services.send(effect, orderId, { attempt: 2 });
  expect(late.reply).toMatchObject({ reply: 'refused', code: 'fenced' });
  expect(count()).toBe(0);
}

describe('the flags say whom it hits', () => {
  const operation = 'payment.process';
  afterEach(() => services.control.clearAll());
  const isHit = async (orderId = newOrder(), sent = {}, at: FaultOperation = operation) => {
    const { reply } = await services.send(at, orderId, sent);
    expect(['ok', 'unknown']).toContain(reply.reply);
    expect(reply.note).toBe(reply.reply === 'ok' ? undefined : `injected ${at}:status`);
    return reply.reply === 'unknown';
  };
  const broken = { kind: 'status', status: 500 } as const;

  it('every request of one operation', async () => {
    services.control.set(operation, broken);
    await expect.poll(() => isHit()).toBe(true);
    const others = faultableOperations.filter((name) => name !== operation && !findEffectOf(name));
    for (const other of others) expect(await isHit(newOrder(), {}, other)).toBe(false);
    services.control.clear(operation);
    await expect.poll(() => isHit()).toBe(false);
  });

  it('the first attempts', async () => {
    services.control.set(operation, { ...broken, times: 2 });
    await expect.poll(() => isHit()).toBe(true);
    const orderId = newOrder();
    const hits: boolean[] = [];
    for (const attempt of [1, 2, 3]) hits.push(await isHit(orderId, { attempt }));
    expect(hits).toEqual([true, true, false]);
  });

  it('one order', async () => {
    const orderId = newOrder();
    services.control.set(operation, { ...broken, order: orderId });
    await expect.poll(() => isHit(orderId)).toBe(true);
    expect(await isHit()).toBe(false);
  });

  it('a fraction, the same one however often it is asked', async () => {
    services.control.set(operation, { ...broken, fraction: 0.3 });
    const ids = Array.from({ length: 60 }, newOrder);
    await expect
      .poll(async () => (await Promise.all(ids.map((id) => isHit(id)))).filter(Boolean).length)
      .toBeGreaterThan(0);
    const ask = () => Promise.all(ids.map((id) => isHit(id)));
    const hits = await ask();
    expect(await ask()).toEqual(hits);
    expect(hits.filter(Boolean).length).toBeLessThan(40);
    const retried = await Promise.all(ids.map((id) => isHit(id, { attempt: 2 })));
    expect(retried).not.toEqual(hits);
  });

  it('until a time', async () => {
    services.control.set(operation, {
      ...broken,
      until: new Date(Date.now() + 60_000).toISOString(),
    });
    await expect.poll(() => isHit()).toBe(true);
    services.control.set(operation, { ...broken, until: new Date(Date.now() - 1).toISOString() });
    await expect.poll(() => isHit()).toBe(false);
  });

  it('one request, whatever else travels with it, and no other', async () => {
    const baggage = `tenant=a;p=1, baton.fault=order.cancel:hang%7C${operation}%3Astatus , x=y`;
    expect(await isHit(newOrder(), { baggage })).toBe(true);
    expect(await isHit(newOrder(), { baggage: 'tenant=a' })).toBe(false);
    const kinds = ['status:status=500', 'status:status=503', 'latency:ms=20', undefined];
    const answers = await Promise.all(
      Array.from({ length: 40 }, async (_, n) => {
        const kind = kinds[n % kinds.length];
        const sent = kind ? { baggage: `baton.fault=${operation}:${kind}` } : {};
        const { reply } = await services.send(operation, newOrder(), sent);
        return 'code' in reply ? reply.code : (reply.note ?? 'ok');
      }),
    );
    const expected = ['status-500', 'status-503', `injected ${operation}:latency`, 'ok'];
    expect(answers).toEqual(answers.map((_, n) => expected[n % expected.length]));
  });

  it('nobody, when baggage names a fault that there is not, and says so in the log', async () => {
    const baggage = 'baton.fault=payment.process:explode';
    expect(await isHit(newOrder(), { baggage })).toBe(false);
    expect(services.logged).toContainEqual(
      expect.objectContaining({ slips: [expect.stringMatching(/^No fault explode: /)] }),
    );
  });

  it('the same as before, when a file comes that cannot be read', async () => {
    services.control.set(operation, broken);
    await expect.poll(() => isHit()).toBe(true);
    const unread = () =>
      services.logged.filter(({ msg }) => String(msg).includes('last good')).length;
    for (const text of [
      '{',
      '{"flags":{"payment.process":{"state":"ENABLED","variants":{"on":{"kind":"explode"}}}}}',
    ]) {
      const before = unread();
      writeFileSync(join(folder, 'faults.json'), text);
      expect(await isHit()).toBe(true);
      expect(unread()).toBeGreaterThan(before);
    }
    expect(() => services.control.list()).toThrow('faults.json');
    services.control.clearAll();
    await expect.poll(() => isHit()).toBe(false);
  });
});
