/** What waits costs nothing: the store is not asked, nor a timer set, again and again for runs that cannot go on. */
import { afterEach, expect, test } from 'vitest';
import { ok, type Reply } from '../core/reply.ts';
import { createGate, createOrderBench, order } from '../fixtures/order.ts';
import type { Journal } from '../journal/journal.ts';
import type { Clock } from '../run/clock.ts';
import { createMemoryJournal, createMemoryStore } from '../testing/memory-journal.ts';
import { createVirtualClock } from '../testing/virtual-clock.ts';
import { createEngine } from './embedded-engine.ts';
import type { Engine, EngineOptions } from './engine.ts';

const down: Reply<never> = { reply: 'unsent', code: 'connection-refused' };
const hourMs = 3_600_000;
/** The pruning looks once a second. */
const pruningsPerHour = 3_600;
const counted = ['listDue', 'listWaiting', 'nextDueAt', 'read'] as const;
type Count = Record<(typeof counted)[number] | 'setTimer' | 'now', number>;

/** Beyond this many looks the test fails instead of going round for ever. */
const looksMax = 500_000;

const bugs: unknown[] = [];
let engine: Engine | undefined;
afterEach(async () => {
  await engine?.stop();
  expect(bugs.splice(0)).toEqual([]);
});

async function createStage(
  options: Partial<EngineOptions> = {},
  { store = createMemoryStore(), virtual = createVirtualClock(), failing = {} } = {},
) {
  const count: Count = { listDue: 0, listWaiting: 0, nextDueAt: 0, read: 0, setTimer: 0, now: 0 };
  const note = (what: keyof Count): void => {
    if (++count[what] > looksMax) throw new Error(`${what} goes round in circles`);
  };
  const journal: Journal = Object.assign(createMemoryJournal(store), failing);
  for (const name of counted) {
    const look = journal[name] as (...args: unknown[]) => unknown; // only counted, then handed on
    Object.assign(journal, {
      [name]: (...args: unknown[]) => {
        note(name);
        return look(...args);
      },
    });
  }
  const clock: Clock = {
    now: () => {
      note('now');
      return virtual.now();
    },
    setTimer: (delayMs, ring) => {
      note('setTimer');
      return virtual.setTimer(delayMs, ring);
    },
  };
  const bench = createOrderBench();
  const begun = await createEngine({
    journal,
    sagas: [bench.saga],
    clock,
    random: () => 0.5,
    onBug: (error) => bugs.push(error),
    ...options,
  });
  engine = begun;
  const submitMany = async (amount: number): Promise<string[]> => {
    const ids = Array.from({ length: amount }, (_, index) => `o${index}`);
    await Promise.all(ids.map((id) => begun.submit(bench.saga, order, { id })));
    return ids;
  };
  const held = async (participant: string) =>
    (await begun.participants()).find((view) => view.participant === participant);
  /** Of what is looked at while this time passes. */
  const countFor = async (ms: number): Promise<Count> => {
    const before = { ...count };
    const end = virtual.now() + ms;
    virtual.setTimer(ms, () => {});
    await virtual.run(() => virtual.now() >= end, ms);
    const names = Object.keys(count) as (keyof Count)[]; // of a record with these keys
    return Object.fromEntries(names.map((name) => [name, count[name] - before[name]])) as Count;
  };
  return { engine: begun, bench, clock: virtual, journal, count, submitMany, held, countFor };
}

test('an open breaker that nobody waits for sets no timer, and asks for nothing', async () => {
  const { engine, bench, clock, submitMany, held, countFor } = await createStage();
  bench.answer = ({ what }) => (what === 'forward reserve' ? down : ok(1));
  const ids = await submitMany(5);
  await clock.run(async () => (await held('reserve'))?.breaker === 'open');
  for (const id of ids) await engine.cancel(id, 'enough');
  await clock.run(async () => (await engine.counts()).open === 0);
  await countFor(60_000);
  const { setTimer, now, read, ...lists } = await countFor(hourMs);
  expect((await held('reserve'))?.breaker).toBe('open');
  expect(setTimer).toBeLessThanOrEqual(pruningsPerHour + 1);
  expect(now).toBeLessThanOrEqual(2 * pruningsPerHour);
  expect(read).toBe(0);
  expect(lists).toEqual({ listDue: 0, listWaiting: 0, nextDueAt: 0 });
});

test('runs that are parked are fetched for their probes only, however long it takes', async () => {
  const { engine, bench, clock, submitMany, held, countFor } = await createStage();
  bench.answer = ({ what }) => (what === 'forward mail' ? down : ok(1));
  await submitMany(200);
  await clock.run(async () => (await engine.counts()).open === 0);
  await clock.run(async () => (await held('mail'))?.parked === 200);
  await countFor(600_000);
  const before = bench.calls.length;
  const { setTimer, read, listDue, listWaiting, nextDueAt } = await countFor(hourMs);
  const probes = bench.calls.length - before;
  expect(probes).toBeGreaterThan(100);
  expect(probes).toBeLessThan(hourMs / 10_000);
  // As a probe, when its own time has come, and when it is parked again.
  expect(read).toBeLessThanOrEqual(3 * probes);
  expect(listDue).toBeLessThanOrEqual(20 * probes);
  expect(nextDueAt).toBeLessThanOrEqual(5 * probes);
  expect(listWaiting).toBeLessThanOrEqual(5 * probes);
  expect(setTimer).toBeLessThanOrEqual(pruningsPerHour + 10 * probes);
});

test('a probe that hangs makes nobody look after it', async () => {
  const { engine, bench, clock, submitMany, held, countFor } = await createStage();
  bench.answer = ({ what }) => (what === 'forward mail' ? down : ok(1));
  await submitMany(50);
  await clock.run(async () => (await engine.counts()).open === 0);
  await clock.run(async () => (await held('mail'))?.parked === 50);
  const hung = createGate();
  bench.answer = () => hung.reply;
  await clock.run(async () => (await held('mail'))?.breaker === 'probing');
  const { read, listDue, listWaiting, nextDueAt } = await countFor(2_000);
  expect((await held('mail'))?.breaker).toBe('probing');
  expect(read + listDue + listWaiting + nextDueAt).toBe(0);
  hung.open();
});

test('runs that drain are fetched once, however few permits there are', async () => {
  const { engine, bench, clock, count, submitMany, held } = await createStage({
    callsMax: 2,
    breaker: { failuresMin: 2 },
  });
  bench.answer = ({ what }) => (what === 'forward reserve' ? down : ok(1));
  await submitMany(600);
  await clock.run(async () => (await held('reserve'))?.parked === 600);
  const before = { ...count };
  bench.calls.length = 0;
  bench.answer = async () => {
    await new Promise<void>((resolve) => clock.setTimer(20, resolve));
    return ok(1);
  };
  await clock.run(async () => (await engine.counts()).open === 0);
  expect(bench.calls).toHaveLength(1_800);
  expect(count.read - before.read).toBeLessThanOrEqual(700);
  expect(count.listWaiting - before.listWaiting).toBeLessThanOrEqual(300);
});

test('runs in a line too long for memory are fetched in lots, not on each permit that is free', async () => {
  const runs = 2_500;
  const { engine, bench, clock, count, submitMany, held } = await createStage({ callsMax: 1 });
  const first = createGate();
  bench.answer = ({ run, what }) =>
    run === 'o0' && what === 'forward reserve' ? first.reply : ok(1);
  await submitMany(runs);
  await clock.run(async () => (await held('reserve'))?.waiting === runs - 1);
  const before = { ...count };
  first.open();
  await clock.run(async () => (await engine.counts()).open === 0);
  expect(bench.calls).toHaveLength(3 * runs);
  expect(count.listWaiting - before.listWaiting).toBeLessThanOrEqual(20);
  expect(count.read - before.read).toBeLessThanOrEqual(runs);
});

test('a run that is due by its row, but has to wait by its events, is fetched once', async () => {
  const house = { store: createMemoryStore(), virtual: createVirtualClock() };
  const before = await createStage({}, house);
  before.bench.answer = ({ what }) =>
    what === 'forward reserve' ? { reply: 'unknown', code: 'reset', retryAfterMs: 1_000 } : ok(1);
  const [id = ''] = await before.submitMany(1);
  await house.virtual.run(async () => (await before.engine.read(id))?.state.seq === 2);
  const retryAt = (await before.engine.read(id))?.state.ways.reserve?.retryAt;
  await before.engine.stop();
  // It is set aside there, and forgets when it was due.
  const without = await createStage({ sagas: [createOrderBench(2).saga] }, house);
  await without.engine.stop();
  const { bench, engine: after, countFor } = await createStage({}, house);
  const { read } = await countFor(500);
  expect(bench.calls).toEqual([]);
  expect(read).toBeLessThanOrEqual(2);
  await house.virtual.run(() => bench.calls.length > 0);
  expect(house.virtual.now()).toBe(retryAt);
  await house.virtual.run(async () => (await after.counts()).open === 0);
});

test('a run that cannot be set aside now is not fetched again and again, and the others go on', async () => {
  const store = createMemoryStore();
  const before = await createStage({}, { store });
  await before.submitMany(2);
  await engine?.stop();
  // The first run lost its beginning, and the journal can store nothing of that for now.
  store.feed.splice(0, 1);
  const { clock, countFor } = await createStage({}, { store, failing: { setAside: () => {} } });
  await clock.run(async () => (await engine?.readState('o1'))?.phase === 'completed');
  expect((await countFor(hourMs)).read).toBeLessThan(10);
});
