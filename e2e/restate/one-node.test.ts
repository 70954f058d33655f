/** The engine's promises, on a real Restate server of one node. */
import { type Attempt, type Engine, ok, type Reply, refused, type Saga, saga } from '@baton/saga';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { z } from 'zod';
import { findTables, type OneNode, query, startOneNode } from './one-node.ts';

const Trip = z.object({ to: z.string(), card: z.string() });
const patience = () => AbortSignal.timeout(60_000);
const retry = { attemptsMax: 3, firstDelayMs: 20, delayMaxMs: 100 };
const lost: Reply<never> = { reply: 'unknown', code: 'reset' };
const away: Reply<never> = { reply: 'unsent', code: 'refused' };

let one: OneNode;
let engine: Engine;
let trip: Saga<z.infer<typeof Trip>>;
let calls: string[] = [];
let keys: Record<string, string[]> = {};
let answer: (what: string) => Reply<string> | Promise<Reply<string>>;
let runs = 0;
const next = (): string => `trip_${++runs}`;
const input = { to: 'Vienna', card: 'card_secret' };

function ask(what: string) {
  return async ({ attempt }: { readonly attempt: Attempt }) => {
    calls.push(what);
    keys[what] = [...(keys[what] ?? []), attempt.key];
    return await answer(what);
  };
}

beforeAll(async () => {
  trip = saga('trip', { version: 1, input: Trip, secrets: ['card'] })
    .step('book', { perform: ask('book'), undo: { perform: ask('cancel'), retry }, retry })
    .pivot('pay', {
      perform: ask('pay'),
      // A test holds it while it looks into the cluster, on a machine that may be busy.
      timeoutMs: 60_000,
      undo: { perform: ask('refund'), retry },
      retry,
      alternate: { perform: ask('pay by bank'), undo: ask('refund by bank'), retry },
    })
    .later('mail', { perform: ask('mail'), retry: { firstDelayMs: 60_000, delayMaxMs: 60_000 } })
    .end();
  one = await startOneNode();
  engine = await one.createEngine({
    sagas: [trip],
    breaker: { failuresMin: 3, firstDelayMs: 200 },
  });
});
afterAll(() => one.close());
beforeEach(() => {
  calls = [];
  keys = {};
  answer = () => ok('done');
});

async function place(id = next()): Promise<string> {
  expect(await engine.submit(trip, input, { id })).toEqual({ type: 'accepted', id });
  return id;
}
const types = async (id: string) => (await engine.read(id))?.events.map(({ type }) => type);

/** Invocations of a run's handlers, on a condition in SQL. */
async function countInvocations(id: string, condition: string): Promise<number> {
  const where = `target_service_name = 'BatonRun' AND target_service_key = '${id}'`;
  return (await query(one.node, `SELECT id FROM sys_invocation WHERE ${where} AND ${condition}`))
    .length;
}
const isPending = (handler: string) => `target_handler_name = '${handler}' AND status = 'pending'`;

test('an order completes, and its secret is nowhere in the cluster afterwards', async () => {
  const card = 'card_seen_once';
  const id = next();
  const submit = () => engine.submit(trip, { ...input, card }, { id });
  const gate = Promise.withResolvers<Reply<string>>();
  answer = (what) => (what === 'pay' ? gate.promise : ok('done'));
  expect(await submit()).toEqual({ type: 'accepted', id });
  await expect.poll(() => calls).toEqual(['book', 'pay']);
  // The same request again does not wait for the end of the call.
  expect(await submit()).toMatchObject({ type: 'known' });
  expect(await findTables(one.node, card)).toEqual(['state', 'sys_journal']);
  gate.resolve(ok('done'));
  expect((await engine.settled(id, patience()))?.phase).toBe('completed');
  expect(calls).toEqual(['book', 'pay', 'mail']);
  expect(await submit()).toMatchObject({ type: 'known' });
  await expect.poll(() => countInvocations(id, "status <> 'completed'")).toBe(0);
  expect(await findTables(one.node, card)).toEqual([]);
  // The answer is kept for whoever asks again under the same key; what was asked is not.
  const isKept = "target_handler_name = 'submit' AND status = 'completed'";
  expect(await countInvocations(id, isKept)).toBe(1);
  expect(JSON.stringify(await engine.read(id))).not.toContain(card);
});

test('a refusal undoes what was done', async () => {
  answer = (what) => (what === 'pay' ? refused('declined') : ok('done'));
  const state = await engine.settled(await place(), patience());
  expect(state?.phase).toBe('compensated');
  expect(calls).toEqual(['book', 'pay', 'cancel']);
});

test('one id is one run, and another request under it is a conflict', async () => {
  const id = next();
  const ask = (fingerprint: string) => engine.submit(trip, input, { id, fingerprint });
  const first = await Promise.all([ask('a'), ask('a')]);
  expect(first.map(({ type }) => type).toSorted()).toEqual(['accepted', 'known']);
  expect(await ask('b')).toEqual({ type: 'conflict', id });
  await engine.settled(id, patience());
  expect(await ask('a')).toEqual({ type: 'known', id, prunedAs: null });
});

test('a lost reply is asked for again under the same key, and an alternate waits for the undo of the first', async () => {
  answer = (what) => (what === 'pay' ? lost : ok('done'));
  const id = await place();
  const state = await engine.settled(id, patience());
  expect(state?.phase).toBe('completed');
  expect(new Set(keys.pay)).toEqual(new Set([`${id}:pay`]));
  expect(calls).toEqual(['book', 'pay', 'pay', 'pay', 'refund', 'pay by bank', 'mail']);
});

test('what is cancelled during a call is undone after it', async () => {
  const gate = Promise.withResolvers<Reply<string>>();
  answer = (what) => (what === 'book' ? gate.promise : ok('done'));
  const id = await place();
  await expect.poll(() => calls).toEqual(['book']);
  const cancelled = engine.cancel(id, 'changed my mind');
  await expect.poll(() => countInvocations(id, isPending('cancel'))).toBe(1);
  gate.resolve(ok('done'));
  expect(await cancelled).toBe('cancel-requested');
  expect((await engine.settled(id, patience()))?.phase).toBe('compensated');
  expect(calls).toEqual(['book', 'cancel']);
  expect(await engine.cancel(id, 'again')).toBe('settled');
  expect(await engine.cancel('trip_unknown', 'why')).toBe('unknown-run');
});

test('what is cancelled after the pivot goes on', async () => {
  answer = (what) => (what === 'mail' ? lost : ok('done'));
  const id = await place();
  await expect.poll(() => calls).toEqual(['book', 'pay', 'mail']);
  expect(await engine.cancel(id, 'changed my mind')).toBe('past-the-pivot');
  answer = () => ok('done');
  expect(await engine.retry(id, 'the mail works again')).toBe('done');
  expect((await engine.settled(id, patience()))?.phase).toBe('completed');
  expect(calls).toEqual(['book', 'pay', 'mail', 'mail']);
});

test('a step that fails after the pivot is deferred, and repaired by a retry', async () => {
  answer = (what) => (what === 'mail' ? refusedByMail() : ok('done'));
  const id = await place();
  expect((await engine.settled(id, patience()))?.deferred).toEqual(['mail']);
  answer = () => ok('done');
  expect(await engine.retry(id, 'the mail works again')).toBe('done');
  await expect.poll(async () => (await engine.read(id))?.state.ways.mail?.result).toBe('ok');
  await expect.poll(() => engine.list({ limit: 10, status: 'owing' })).toEqual([]);
});
const refusedByMail = (): Reply<never> => ({ reply: 'unknown', code: 'broken', retriable: false });

test('an undo that is refused makes the run stuck, until an operator writes it off', async () => {
  answer = (what) => (what === 'book' ? ok('done') : refused('no'));
  const id = await place();
  await expect.poll(async () => (await engine.list({ limit: 10, status: 'stuck' })).length).toBe(1);
  expect(await engine.skip(id, 'book', 'settled by telephone')).toBe('done');
  expect((await engine.settled(id, patience()))?.phase).toBe('compensated');
});

test('an open breaker parks the runs of all, and lets them go when it closes', async () => {
  answer = (what) => (what === 'book' ? away : ok('done'));
  const ids = await Promise.all(Array.from({ length: 12 }, () => place()));
  await expect
    .poll(async () => (await engine.participants()).find((one) => one.participant === 'book'))
    .toMatchObject({ parked: 12 });
  answer = () => ok('done');
  const ends = await Promise.all(ids.map((id) => engine.settled(id, patience())));
  expect(ends.map((state) => state?.phase)).toEqual(ids.map(() => 'completed'));
  expect(await types(ids[0] ?? '')).toContain('step-parked');
});

test('another replica tells the same feed under the same positions, also begun anew', async () => {
  const id = await place();
  await engine.settled(id, patience());
  const other = await one.createEngine({ sagas: [trip] });
  // Who begins anew has caught up with the cluster; the other may be a look behind.
  await engine.list({ limit: 1 });
  const [ours, theirs] = await Promise.all(
    [engine, other].map(({ feed }) => feed.read(feed.start, 10_000)),
  );
  expect(theirs).toEqual(ours);
  expect(await other.list({ limit: 1_000 })).toEqual(await engine.list({ limit: 1_000 }));
  expect((await other.read(id))?.events).toEqual((await engine.read(id))?.events);
});

test('what a replica prunes is forgotten by the object of its run, which is still there', async () => {
  const id = await place();
  await engine.settled(id, patience());
  const stored = async () =>
    JSON.stringify(
      await query(one.node, `SELECT value_utf8 FROM state WHERE service_key = '${id}'`),
    );
  expect(await stored()).toContain('Vienna');
  const other = await one.createEngine({ sagas: [trip], keepMs: 1_000 });
  await expect.poll(() => other.read(id)).toBeUndefined();
  expect(await stored()).not.toContain('Vienna');
  expect(await other.submit(trip, input, { id })).toMatchObject({ type: 'known', id });
});

const Services = z.object({
  services: z.array(
    z.object({ name: z.string(), handlers: z.array(z.object({ name: z.string() })) }),
  ),
});
/** All others are for handlers alone. */
const open = [
  'BatonBreaker/view',
  'BatonFeed/read',
  'BatonLane/view',
  ...['cancel', 'forget', 'nudge', 'read', 'retry', 'skip', 'submit'].map(
    (name) => `BatonRun/${name}`,
  ),
];

test('the ingress refuses to call what only other handlers may', async () => {
  const id = await place();
  const ask = (service: string, handler: string) =>
    fetch(`${one.node.ingressUrl}/${service}/${id}/${handler}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{}',
    });
  const listed = Services.parse(await (await fetch(`${one.node.adminUrl}/services`)).json());
  const shut = listed.services
    .flatMap(({ name, handlers }) => handlers.map((handler) => [name, handler.name] as const))
    .filter((path) => !open.includes(path.join('/')));
  expect(shut.length).toBeGreaterThan(10);
  for (const [service, handler] of shut) {
    const answer = await ask(service, handler);
    expect([service, handler, answer.status]).toEqual([service, handler, 400]);
    expect(await answer.json()).toMatchObject({ message: 'the invoked service is not public' });
  }
  expect((await ask('BatonRun', 'read')).status).toBe(200);
  expect((await ask('BatonLane', 'view')).status).toBe(200);
});
