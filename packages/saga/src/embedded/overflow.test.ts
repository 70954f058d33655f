/** More runs than memory may hold: the others stay rows, and all of them end in their order. */
import { afterEach, expect, test } from 'vitest';
import { ok } from '../core/reply.ts';
import { isSettled } from '../core/status.ts';
import { type Crashable, createCrashable } from '../fixtures/crash.ts';
import { createGate, createOrderBench, order } from '../fixtures/order.ts';
import { createMemoryJournal, createMemoryStore } from '../testing/memory-journal.ts';
import { createVirtualClock } from '../testing/virtual-clock.ts';
import { createEngine } from './embedded-engine.ts';
import type { Engine, EngineOptions } from './engine.ts';

/** As the scheduler has it. */
const keptMax = 1_000;
const runs = 3_000;
const ids = Array.from({ length: runs }, (_, index) => `o${String(index).padStart(4, '0')}`);

const bugs: unknown[] = [];
afterEach(() => expect(bugs.splice(0)).toEqual([]));

/** Counts the runs that an engine must hold in memory: those it was given or has read, and that did not end since. */
class Stage {
  readonly bench = createOrderBench();
  readonly clock = createVirtualClock();
  readonly #store = createMemoryStore();
  readonly #held = new Set<string>();
  heldMost = 0;
  readCount = 0;
  process: Crashable = createCrashable(createMemoryJournal());
  engine: Engine | undefined;

  async start(options: Partial<EngineOptions>): Promise<void> {
    this.#held.clear();
    this.heldMost = 0;
    this.readCount = 0;
    this.process = createCrashable(createMemoryJournal(this.#store));
    const { read } = this.process.journal;
    const journal = Object.assign(this.process.journal, {
      read: (id: string) => {
        this.readCount += 1;
        this.#held.add(id);
        this.heldMost = Math.max(this.heldMost, this.#held.size);
        return read(id);
      },
    });
    this.engine = await createEngine({
      journal,
      sagas: [this.bench.saga],
      clock: this.clock,
      random: () => 0.5,
      onBug: (error) => bugs.push(error),
      ...options,
    });
    this.engine.feed.subscribe(({ run, state }) => {
      if (isSettled(state)) this.#held.delete(run);
    });
  }

  crash(): void {
    this.process.crash();
    this.clock.clear();
  }

  async submit(id: string): Promise<void> {
    await this.engine?.submit(this.bench.saga, order, { id });
  }

  async submitAll(): Promise<void> {
    await Promise.all(ids.map((id) => this.submit(id)));
  }

  /** In the order in which they were called first. */
  calledFirst(what: string): string[] {
    return [
      ...new Set(this.bench.calls.filter((call) => call.what === what).map(({ run }) => run)),
    ];
  }

  async end(): Promise<void> {
    await this.clock.run(async () => (await this.engine?.counts())?.open === 0);
  }

  readonly rows = (kind: string): number =>
    this.process.journal.countWaits().find((wait) => wait.kind === kind)?.count ?? 0;
}

test('new runs beyond what memory holds are rows, fetched in lots, and begun in order', async () => {
  const stage = new Stage();
  const first = createGate();
  stage.bench.answer = ({ run }) => (run === ids[0] ? first.reply : ok(1));
  await stage.start({ concurrencyMax: 1 });
  await stage.submitAll();
  await stage.clock.run(() => stage.bench.calls.length === 1);
  expect(await stage.engine?.counts()).toMatchObject({ moving: 1, queued: runs - 1, open: runs });
  // There is room in memory for another one by then, but it came later than all that are rows.
  stage.bench.answer = ({ run, what }) => {
    if (run === ids[200] && what === 'forward reserve') void stage.submit('late');
    return ok(1);
  };
  first.open();
  await stage.end();
  expect(stage.calledFirst('forward reserve')).toEqual([...ids, 'late']);
  // Each that was not held was read, once.
  expect(stage.readCount).toBeGreaterThanOrEqual(runs - keptMax - 2);
  expect(stage.readCount).toBeLessThanOrEqual(runs + 1);
  expect(stage.heldMost).toBeLessThanOrEqual(keptMax + 1);
});

test('a new run that stands in the queue has one driver, though an operator asks for what cannot be', async () => {
  const stage = new Stage();
  const first = createGate();
  stage.bench.answer = ({ run }) => (run === ids[0] ? first.reply : ok(1));
  await stage.start({ concurrencyMax: 1 });
  await stage.submitAll();
  expect(await stage.engine?.skip(ids[900] ?? '', 'mail', 'no')).toBe('nothing-to-skip');
  first.open();
  await stage.end();
  expect(stage.bench.calls).toHaveLength(3 * runs);
  expect(stage.calledFirst('forward reserve')).toHaveLength(runs);
});

test('a restart with more due runs than memory holds reads as many as that, and all end in order', async () => {
  const stage = new Stage();
  stage.bench.answer = () => createGate().reply;
  await stage.start({ concurrencyMax: 1 });
  await stage.submitAll();
  stage.crash();
  stage.bench.calls.length = 0;
  stage.bench.answer = () => ok(1);
  await stage.start({ concurrencyMax: 2 });
  expect(stage.readCount).toBeLessThanOrEqual(keptMax + 1);
  await stage.end();
  expect(stage.calledFirst('forward reserve')).toEqual(ids);
  expect(stage.heldMost).toBeLessThanOrEqual(keptMax + 2);
});

test('a line beyond what memory holds is kept as rows, also over a restart, and served lot by lot', async () => {
  const stage = new Stage();
  const held = createGate();
  const options = { callsMax: 2 };
  stage.bench.answer = ({ what }) => (what === 'forward pay' ? held.reply : ok(1));
  await stage.start(options);
  await stage.submitAll();
  const inLine = async (): Promise<number> => {
    const views = (await stage.engine?.participants()) ?? [];
    return views.find(({ participant }) => participant === 'pay')?.waiting ?? 0;
  };
  await stage.clock.run(async () => (await inLine()) === runs - 2, 2_000);
  expect(stage.rows('permit')).toBeGreaterThanOrEqual(runs - 2 - keptMax);
  expect(await stage.engine?.counts()).toMatchObject({ moving: 2 });
  const lines: Promise<number>[] = [];
  const middle = ids[runs / 2] ?? '';
  stage.bench.answer = ({ run, what }) => {
    if (what !== 'forward pay') return ok(1);
    if (Number(run.slice(1)) % 50 === 0)
      lines.push(inLine().then((waiting) => waiting - stage.rows('permit')));
    return run < middle ? ok(1) : createGate().reply;
  };
  held.open();
  await stage.clock.run(() => stage.calledFirst('forward pay').length === runs / 2 + 2, 2_000);
  expect(Math.max(...(await Promise.all(lines)))).toBeLessThanOrEqual(keptMax);
  stage.crash();
  expect(stage.rows('permit')).toBeGreaterThan(0);
  stage.bench.answer = () => ok(1);
  await stage.start(options);
  await stage.end();
  // A lot that comes back from the rows may change places with what is in line by then, and no further.
  const called = stage.calledFirst('forward pay');
  const shifts = called.map((id, place) => Math.abs(ids.indexOf(id) - place));
  expect(called).toHaveLength(runs);
  expect(Math.max(...shifts)).toBeLessThanOrEqual(keptMax / 2);
  expect(stage.rows('permit')).toBe(0);
});

test('runs of a line that are rows are served before many that came later', async () => {
  const stage = new Stage();
  const held = createGate();
  stage.bench.answer = ({ what }) => (what === 'forward pay' ? held.reply : ok(1));
  await stage.start({ callsMax: 2 });
  await stage.submitAll();
  await stage.clock.run(() => stage.rows('permit') > runs - 2 * keptMax, 2_000);
  let newcomers = 0;
  stage.bench.answer = async ({ what }) => {
    if (what !== 'forward pay') return ok(1);
    // As many come as are served, so that the line stays as long as it is.
    if (newcomers < 2 * runs) void stage.submit(`new${newcomers++}`);
    await new Promise<void>((resolve) => stage.clock.setTimer(1, resolve));
    return ok(1);
  };
  held.open();
  await stage.end();
  const served = stage.calledFirst('forward pay');
  const last = Math.max(...ids.map((id) => served.indexOf(id)));
  expect(last).toBeLessThan(runs + keptMax);
});
