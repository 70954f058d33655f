import type { Clock, Journal } from '@baton/saga';
import {
  createJournalFeed,
  createMemoryJournal,
  createMemoryStore,
  createVirtualClock,
  dueNow,
  type VirtualClock,
} from '@baton/saga/testing';
import { type Delivery, recallResource, type Tracing } from '@baton/telemetry';
import { createSpanRecorder } from '@baton/telemetry/testing';
import { expect, it, vi } from 'vitest';
import {
  accepted,
  acceptedAt,
  decided,
  type Scene,
  succeeded,
  toEvents,
  unknown,
} from '../testing/event-story.ts';
import { createOrderSagas } from '../testing/order-workflow.ts';
import { createStandIns } from '../testing/stand-in.ts';
import { type SpanExportOptions, startSpanExport } from './span-export.ts';

const sagas = createOrderSagas(createStandIns().participants);
const { resource } = createSpanRecorder('orchestrator').tracing;

/** The engine's ports, on a journal that no engine moves. */
const toReadable = (journal: Journal) => ({
  feed: createJournalFeed(journal),
  read: async (run: string) => journal.read(run),
});

/** A journal that outlives who follows it, a collector that answers as it is told, and a cursor that is remembered. */
function createHouse() {
  const clock = createVirtualClock();
  const journal = createMemoryJournal(createMemoryStore());
  const stories = new Map<string, Scene[]>();
  const errors: unknown[] = [];
  const collector = createCollector(clock);
  const place = { at: '0' };
  const write = (at: string) => void Object.assign(place, { at });
  const commit = async (run: string, ...scenes: Scene[]) => {
    const story = stories.get(run) ?? [];
    const events = toEvents([...story, ...scenes]).slice(story.length);
    stories.set(run, [...story, ...scenes]);
    const isSettled = events.some(({ type }) => type === 'completed');
    await journal.append({ run, events, ...toSubmission(isSettled ? acceptedAt : null) });
  };
  const follow = (change: Partial<SpanExportOptions> = {}) =>
    startSpanExport({
      ...toReadable(journal),
      sagas,
      clock,
      tracing: { send: collector.send },
      processes: { find: () => resource },
      cursor: { read: () => place.at, write, close: () => {} },
      log: { error: (said: unknown) => void errors.push(said) },
      ...change,
    });
  const pass = (ms: number) => {
    const until = clock.now() + ms;
    clock.setTimer(ms, () => {});
    return clock.run(() => clock.now() >= until);
  };
  return { clock, journal, collector, commit, follow, pass, errors, readCursor: () => place.at };
}

const summary = { saga: 'place-order', version: 2, acceptedAt };
const [running, over] = ['running', 'completed'] as const;
const toSubmission = (settledAt: number | null) => ({
  submission: { fingerprint: '', secrets: {} },
  summary: { ...summary, status: settledAt === null ? running : over, settledAt },
  rest: dueNow,
});

type Spans = Parameters<Tracing['send']>[0];
const toBytes = (spans: Spans): string[] =>
  spans.map((span) => JSON.stringify([span, span.spanContext(), span.resource.attributes]));

function createCollector(clock: Pick<Clock, 'now'>) {
  const asked: { readonly at: number; readonly spans: Spans; readonly arrived: boolean }[] = [];
  const answer = (spans: Spans): Delivery => {
    if (!collector.isThere) return 'away';
    return collector.accepts(spans) ? 'arrived' : 'refused';
  };
  const collector = {
    isThere: true,
    accepts: (_spans: Spans): boolean => true,
    asked,
    /** `name of order`, in the order of their arrival. */
    arrived: (): string[] =>
      asked
        .filter(({ arrived }) => arrived)
        .flatMap(({ spans }) => spans)
        .map(({ name, attributes }) => `${name} of ${attributes['baton.order.id']}`),
    bytes: (): string[] =>
      asked.filter((ask) => ask.arrived).flatMap(({ spans }) => toBytes(spans)),
    send: async (spans: Spans) => {
      const delivery = answer(spans);
      asked.push({ at: clock.now(), spans, arrived: delivery === 'arrived' });
      return delivery;
    },
  };
  return collector;
}

const completed: Scene = { type: 'completed' };
it('sends what was committed, in the order of the journal, and each of it once', async () => {
  const { collector, commit, follow, pass, readCursor } = createHouse();
  await commit('ord_1', accepted());
  const { stir } = follow();
  await commit('ord_2', accepted());
  await commit('ord_1', succeeded({ way: 'validate' }));
  await pass(250);
  await commit('ord_1', completed);
  stir();
  stir();
  await pass(10_000);
  expect(collector.arrived()).toEqual([
    'order of ord_1',
    'order of ord_2',
    'validate of ord_1',
    'order completed of ord_1',
  ]);
  expect(readCursor()).toBe('4');
});

it('names the process in which each span began, also where another one sends it', async () => {
  const { collector, commit, follow, pass } = createHouse();
  await commit('ord_1', accepted(), [50, succeeded()], [9, decided]);
  follow({ processes: { find: (at) => recallResource({ pid: at < acceptedAt + 50 ? 1 : 2 }) } });
  await pass(250);
  const pids = collector.asked[0]?.spans.map(({ resource }) => resource.attributes.pid);
  expect(pids).toEqual([1, 1, 2]);
});

it('sends more than one batch without waiting in between', async () => {
  const { collector, commit, follow, pass } = createHouse();
  for (let order = 0; order < 600; order += 1) await commit(`ord_${order}`, accepted());
  follow();
  await pass(250);
  expect(collector.asked.map(({ spans }) => spans.length)).toEqual([512, 88]);
});

it('sends what was committed while a batch was on its way', async () => {
  const { collector, commit, follow, pass } = createHouse();
  await commit('ord_1', accepted());
  const answer = Promise.withResolvers<void>();
  const send: Tracing['send'] = (spans) => answer.promise.then(() => collector.send(spans));
  const { stir } = follow({ tracing: { send } });
  await pass(250);
  await commit('ord_2', accepted());
  stir();
  answer.resolve();
  await pass(500);
  expect(collector.arrived()).toEqual(['order of ord_1', 'order of ord_2']);
});

it('sends what was committed just when it had found nothing more', async () => {
  const { collector, commit, follow, pass, journal } = createHouse();
  let isLate = true;
  const readKept: Journal['readKept'] = (after, limit) => {
    const feed = journal.readKept(after, limit);
    if (feed.length === 0 && isLate) {
      isLate = false;
      void commit('ord_1', accepted());
      queueMicrotask(() => queueMicrotask(stir));
    }
    return feed;
  };
  const { stir } = follow(toReadable({ ...journal, readKept }));
  await pass(10_000);
  expect(collector.arrived()).toEqual(['order of ord_1']);
});

it('sends a batch again that did not arrive, the same in each byte, after pauses that grow to half a minute', async () => {
  const { collector, commit, follow, pass, readCursor } = createHouse();
  await commit('ord_1', accepted(), succeeded({ way: 'validate' }));
  collector.isThere = false;
  const { stir } = follow();
  await pass(200_000);
  const [first, ...again] = collector.asked;
  const pauses = again.map(({ at }, index) => at - (collector.asked[index]?.at ?? 0));
  expect(pauses.slice(0, 7)).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
  expect(readCursor()).toBe('0');
  await commit('ord_1', succeeded({ way: 'reserve' }));
  stir();
  collector.isThere = true;
  await pass(31_000);
  const known = toBytes(first?.spans ?? []);
  expect(known).toHaveLength(2);
  for (const { spans } of again) expect(toBytes(spans).slice(0, 2)).toEqual(known);
  expect(collector.arrived()).toHaveLength(3);
  expect(readCursor()).toBe('3');
});

it('pauses anew after the collector was back', async () => {
  const { collector, commit, follow, pass } = createHouse();
  await commit('ord_1', accepted());
  collector.isThere = false;
  const { stir } = follow();
  await pass(5_000);
  collector.isThere = true;
  await pass(10_000);
  collector.isThere = false;
  const before = collector.asked.length;
  await commit('ord_2', accepted());
  stir();
  await pass(1_300);
  expect(collector.asked.length - before).toBe(2);
});

it('goes on in the middle of an order after a crash, with the spans that would have come', async () => {
  const whole = createHouse();
  await whole.commit('ord_1', accepted(), succeeded({ way: 'validate' }));
  whole.follow();
  await whole.pass(250);
  await whole.commit('ord_1', succeeded({ way: 'reserve' }), completed);
  // Nothing of the first one is left but the journal and the cursor.
  whole.clock.clear();
  whole.follow();
  await whole.pass(250);
  const alone = createHouse();
  await alone.commit('ord_1', accepted(), succeeded({ way: 'validate' }));
  await alone.commit('ord_1', succeeded({ way: 'reserve' }), completed);
  alone.follow();
  await alone.pass(250);
  expect(whole.collector.bytes()).toEqual(alone.collector.bytes());
  expect(whole.collector.bytes()).toHaveLength(4);
});

it('begins anew where its place is beyond the end of the journal', async () => {
  const { collector, commit, follow, pass, readCursor } = createHouse();
  await commit('ord_1', accepted());
  const { stir } = follow({ cursor: { read: () => '99', write: () => {}, close: () => {} } });
  await pass(250);
  expect(collector.arrived()).toEqual(['order of ord_1']);
  await commit('ord_2', accepted());
  stir();
  await pass(250);
  expect([collector.arrived().length, readCursor()]).toEqual([2, '0']);
});

it('goes on beyond what was pruned', async () => {
  const { collector, commit, follow, pass, journal } = createHouse();
  await commit('ord_1', accepted());
  await commit('ord_2', accepted());
  follow();
  await pass(250);
  await commit('ord_3', accepted(), completed);
  await commit('ord_2', succeeded({ way: 'validate' }));
  journal.prune(['ord_3', 'ord_1'], null);
  follow();
  await pass(250);
  expect(collector.arrived().slice(2)).toEqual(['validate of ord_2']);
});

it('tells of the others where the events of one order make no sense', async () => {
  const { collector, commit, follow, pass, journal, errors } = createHouse();
  await commit('ord_1', accepted());
  const [damaged] = toEvents([succeeded()]);
  if (!damaged) throw new Error('there is no event');
  await journal.append({ run: 'ord_1', events: [{ ...damaged, seq: 7 }], ...toSubmission(null) });
  await commit('ord_2', accepted());
  follow();
  await pass(250);
  expect(collector.arrived()).toEqual(['order of ord_1', 'order of ord_2']);
  expect(errors).toEqual([{ err: expect.any(Error), orderId: 'ord_1' }]);
});

function breakOnce<A extends unknown[], R>(work: (...given: A) => R): (...given: A) => R {
  let hasBroken = false;
  return (...given) => {
    if (hasBroken) return work(...given);
    hasBroken = true;
    throw new Error('broken for once');
  };
}

it('goes on when the journal could not be read for once', async () => {
  const { collector, commit, follow, pass, journal, errors } = createHouse();
  await commit('ord_1', accepted());
  const { stir } = follow(toReadable({ ...journal, readKept: breakOnce(journal.readKept) }));
  await pass(5_000);
  await commit('ord_2', accepted());
  stir();
  await pass(500);
  expect(collector.arrived()).toEqual(['order of ord_1', 'order of ord_2']);
  expect(errors).toEqual([{ err: expect.any(Error) }]);
});

it('tells all of a batch again whose sending broke', async () => {
  const { collector, commit, follow, pass } = createHouse();
  await commit('ord_1', accepted(), succeeded());
  follow({ tracing: { send: breakOnce(collector.send) } });
  await pass(5_000);
  expect(collector.arrived()).toHaveLength(2);
});

it('keeps five thousand orders in mind, and reads again what it forgot', async () => {
  const { collector, commit, follow, pass, journal } = createHouse();
  const read: string[] = [];
  const { stir } = follow(
    toReadable({
      ...journal,
      read: (run) => {
        read.push(run);
        return journal.read(run);
      },
    }),
  );
  for (let order = 0; order <= 5_000; order += 1) await commit(`ord_${order}`, accepted());
  await pass(250);
  await commit('ord_0', succeeded({ way: 'validate' }));
  await commit('ord_5000', succeeded({ way: 'validate' }));
  stir();
  await pass(250);
  expect(read).toEqual(['ord_0']);
  expect(collector.arrived().slice(-2)).toEqual(['validate of ord_0', 'validate of ord_5000']);
});

it('sends nothing of orders that are not sampled, and passes them', async () => {
  const { collector, commit, follow, pass, readCursor } = createHouse();
  await commit('ord_1', accepted({}), succeeded(), completed);
  follow();
  await pass(1_000);
  expect(collector.asked).toEqual([]);
  expect(readCursor()).toBe('3');
});

it('passes an event whose spans are refused, and says so once', async () => {
  const { collector, commit, follow, pass, errors, readCursor } = createHouse();
  for (const run of ['ord_1', 'ord_2', 'ord_3']) await commit(run, accepted());
  collector.accepts = (spans) =>
    !spans.some(({ attributes }) => attributes['baton.order.id'] === 'ord_2');
  const { stir } = follow();
  await pass(250);
  await commit('ord_4', accepted());
  stir();
  await pass(10_000);
  expect(collector.arrived()).toEqual(['order of ord_1', 'order of ord_3', 'order of ord_4']);
  expect(errors).toEqual([{ orderId: 'ord_2', seq: 1 }]);
  expect(readCursor()).toBe('4');
});

it('says how many events wait for the collector', async () => {
  const { collector, commit, follow, pass, journal } = createHouse();
  await commit('ord_1', accepted(), completed);
  collector.isThere = false;
  const { stir, stop, readBacklog } = follow();
  await pass(250);
  await commit('ord_2', accepted());
  expect(await readBacklog()).toBe(3);
  stir();
  collector.isThere = true;
  await pass(31_000);
  expect(await readBacklog()).toBe(0);
  await commit('ord_3', accepted(), completed);
  journal.prune(['ord_3'], null);
  expect(await readBacklog()).toBe(0);
  collector.isThere = false;
  await commit('ord_4', accepted());
  await stop();
  expect(await readBacklog()).toBe(0);
});

it('keeps a refused event until the collector took another one', async () => {
  const { collector, commit, follow, pass, errors, readCursor } = createHouse();
  await commit('ord_1', accepted());
  collector.accepts = () => false;
  const { stir } = follow();
  await pass(60_000);
  expect([readCursor(), errors]).toEqual(['0', []]);
  await commit('ord_2', accepted());
  stir();
  await pass(60_000);
  expect([readCursor(), errors]).toEqual(['0', []]);
  collector.accepts = () => true;
  await pass(30_000);
  expect(collector.arrived()).toEqual(['order of ord_1', 'order of ord_2']);
  expect([readCursor(), errors]).toEqual(['2', []]);
});

/** An order of many events that are not traced, a clock on which each look takes a millisecond, and turns of others. */
async function createBacklog() {
  const { clock, journal, commit, follow, readCursor } = createHouse();
  await commit('ord_0', accepted({}), ...Array.from({ length: 2_000 }, () => succeeded()));
  let now = 0;
  let read = 0;
  const readKept: Journal['readKept'] = (after, limit) => {
    const feed = journal.readKept(after, limit);
    read += feed.length;
    return feed;
  };
  const { stop } = follow({
    clock: { ...clock, now: () => now++ },
    ...toReadable({ ...journal, readKept }),
  });
  /** How many events were read in each turn. */
  const turns: number[] = [];
  const count = (before: number) => {
    turns.push(read - before);
    if (Number(readCursor()) < 2_001) setImmediate(count, read);
  };
  count(read);
  return { clock, stop, turns, readCursor };
}

it.each([
  ['at work', (clock: VirtualClock) => clock.run(() => false, 250).catch(() => {})],
  ['at its end', (_: VirtualClock, stop: () => Promise<void>) => stop()],
])('lets others have their turn, however many events are not traced: %s', async (_, work) => {
  const { clock, stop, turns, readCursor } = await createBacklog();
  void work(clock, stop);
  await expect.poll(readCursor).toBe('2001');
  await expect.poll(() => turns.reduce((sum, read) => sum + read, 0)).toBe(2_001);
  expect(Math.max(...turns)).toBe(512);
});

it('reads a completed order no more than once while it is repaired', async () => {
  const { commit, follow, pass, journal, collector } = createHouse();
  const put: Scene = { type: 'step-deferred', step: 'notify', code: 'exhausted' };
  const paid = ['validate', 'reserve', 'pay'].map((way) => succeeded({ way }));
  const read = vi.fn(journal.read);
  const { stir } = follow(toReadable({ ...journal, read }));
  await commit('ord_1', accepted(), ...paid, put, completed);
  await pass(500);
  for (let repair = 0; repair < 5; repair += 1) {
    await commit('ord_1', unknown({ way: 'notify' }));
    stir();
    await pass(500);
  }
  expect(read).not.toHaveBeenCalled();
  await commit('ord_1', succeeded({ way: 'notify' }));
  stir();
  await pass(500);
  // Now it is over, and kept no longer.
  await commit('ord_1', succeeded({ way: 'notify' }));
  stir();
  await pass(500);
  expect(read).toHaveBeenCalledOnce();
  expect(collector.arrived().length).toBeGreaterThan(10);
});

it('sends what is there when it stops, and nothing afterwards', async () => {
  const { collector, commit, follow, pass } = createHouse();
  await commit('ord_1', accepted());
  const { stir, stop } = follow();
  await stop();
  expect(collector.arrived()).toEqual(['order of ord_1']);
  await commit('ord_2', accepted());
  stir();
  await pass(10_000);
  expect(collector.arrived()).toHaveLength(1);
});

it('asks a collector that is gone once more when it stops, and leaves the rest to its successor', async () => {
  const { collector, commit, follow, pass, readCursor } = createHouse();
  await commit('ord_1', accepted());
  collector.isThere = false;
  const { stop } = follow();
  await pass(250);
  await stop();
  expect([collector.asked.length, readCursor()]).toEqual([2, '0']);
});

it.each(['arrived', 'refused'] as const)(
  'stops in half a second although the collector does not answer until then: %s',
  async (late) => {
    const { clock, commit, follow, pass, journal } = createHouse();
    await commit('ord_1', accepted());
    await commit('ord_2', accepted());
    const answer = Promise.withResolvers<Delivery>();
    const readKept = vi.fn(journal.readKept);
    const write = vi.fn();
    const send = vi.fn(() => answer.promise);
    const { stop } = follow({
      ...toReadable({ ...journal, readKept }),
      tracing: { send },
      cursor: { read: () => '0', write, close: () => {} },
    });
    await pass(250);
    const startedAt = clock.now();
    let endedAt = 0;
    void stop().then(() => {
      endedAt = clock.now();
    });
    await clock.run(() => endedAt > 0);
    expect(endedAt - startedAt).toBe(500);
    // Closed by then, the journal must not be read.
    readKept.mockClear();
    answer.resolve(late);
    await pass(1_000);
    expect(readKept).not.toHaveBeenCalled();
    expect(write).not.toHaveBeenCalled();
    expect(send).toHaveBeenCalledOnce();
  },
);
