import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { ok, type Reply } from '../core/reply.ts';
import { saga } from '../core/saga.ts';
import { anyInput } from '../fixtures/any-input.ts';
import { createOrderBench, order } from '../fixtures/order.ts';
import { createSqliteHouse } from '../fixtures/sqlite-house.ts';
import { createMemoryJournal } from '../testing/memory-journal.ts';
import { createVirtualClock } from '../testing/virtual-clock.ts';
import { createRunId } from './arguments.ts';
import { createEngine } from './embedded-engine.ts';
import type { Engine, EngineOptions } from './engine.ts';

/** As plain JavaScript has it: nothing of it is checked by a compiler. */
type Plain = { readonly [K in keyof Engine]: (...given: unknown[]) => Promise<unknown> };

const bench = createOrderBench();
let engine: Engine;
let bugs: unknown[];

beforeEach(async () => {
  bugs = [];
  engine = await createEngine({
    journal: createMemoryJournal(),
    sagas: [bench.saga],
    clock: createVirtualClock(),
    onBug: (error) => bugs.push(error),
  });
  await engine.submit(bench.saga, order, { id: 'known' });
  await engine.settled('known');
});
afterEach(async () => {
  await engine.stop();
  expect(bugs).toEqual([]);
});
const plain = (): Plain => engine as unknown as Plain; // the boundary that this file is about
const submit = (options: unknown): Promise<unknown> => plain().submit(bench.saga, order, options);
const long = 'x'.repeat(8_193);
const many = Object.fromEntries(Array.from({ length: 2_000 }, (_, i) => [`key-${i}`, 'x']));

test.each<[string, () => Promise<unknown>, string]>([
  ['an id that is an object', () => submit({ id: {} }), 'id must be'],
  ['an id that is a number', () => submit({ id: 5 }), 'id must be'],
  ['an id that is null', () => submit({ id: null }), 'id must be'],
  ['an id that is empty', () => submit({ id: '' }), 'id must be'],
  ['an id that a header would change', () => submit({ id: ' o1' }), 'id must be'],
  ['an id of half a character', () => submit({ id: '\ud800' }), 'id must be'],
  ['an id that is too long', () => submit({ id: 'x'.repeat(201) }), 'id must be'],
  ['a fingerprint that is a number', () => submit({ fingerprint: 5 }), 'fingerprint must be'],
  ['a bigint in the context', () => submit({ context: { a: 1n } }), 'a must be a text'],
  ['a context that is a Map', () => submit({ context: new Map([['a', 'b']]) }), 'context must be'],
  ['a context that is null', () => submit({ context: null }), 'context must be'],
  ['a context that is a text', () => submit({ context: 'a' }), 'context must be'],
  ['a context that is a list', () => submit({ context: ['a'] }), 'context must be'],
  ['a long value in the context', () => submit({ context: { a: long } }), 'a must be a text'],
  ['a context of many values', () => submit({ context: many }), 'all of context must be a text'],
  ['options that are null', () => submit(null), 'options must be'],
  ['options that are a text', () => submit('o1'), 'options must be'],
  ['no saga', () => plain().submit(undefined, order), 'is not registered'],
  ['a saga of another engine', () => plain().submit({ name: 'x' }, order), 'is not registered'],
  ['a bigint in the input', () => plain().submit(bench.saga, { a: 1n }), 'is a bigint'],
  ['a Date in the input', () => plain().submit(bench.saga, { at: new Date() }), 'is a Date'],
  ['an input that contains itself', () => plain().submit(bench.saga, loop()), 'circular'],
  ['the run of a number', () => plain().cancel(5, 'why'), 'id must be'],
  ['a run without an id', () => plain().cancel(), 'id must be'],
  ['a reason that is a bigint', () => plain().cancel('known', 1n), 'reason must be'],
  ['no reason', () => plain().retry('known'), 'reason must be'],
  ['a reason that is too long', () => plain().retry('known', long), 'reason must be'],
  ['a nudge that is a bigint', () => plain().retry('known', 'why', { nudge: 1n }), 'nudge must'],
  ['a caller that is no text', () => plain().retry('known', 'why', { by: 5 as never }), 'by must'],
  ['the skip of no step', () => plain().skip('known', {}, 'why'), 'step must be'],
  ['a skip without a reason', () => plain().skip('known', 'mail'), 'reason must be'],
  ['to read an object', () => plain().read({}), 'id must be'],
  ['to read the state of a number', () => plain().readState(5), 'id must be'],
  ['to wait for a number', () => plain().settled(5), 'id must be'],
  ['a signal that is none', () => plain().settled('known', 5), 'signal must be'],
  ['a list without a limit', () => plain().list({}), 'limit must be'],
  ['a list without a query', () => plain().list(), 'query must be'],
  ['a limit below 0', () => plain().list({ limit: -1 }), 'limit must be'],
  ['a limit that is a text', () => plain().list({ limit: '5' }), 'limit must be'],
  ['a place that is a bigint', () => plain().list({ limit: 5, before: 5n }), 'before must be'],
  ['another status', () => plain().list({ limit: 5, status: 'odd' }), 'status must be'],
  ['an order of a text', () => plain().list({ limit: 5, oldestFirst: 'no' }), 'oldestFirst must'],
  ['a notice that is none', () => engine.notices.add(JSON.parse('5')), 'notice must be'],
  ['a notice without its time', () => engine.notices.add(JSON.parse('{}')), 'at must be'],
  ['a bigint in a notice', () => engine.notices.add({ at: 1, n: 1n }), 'is a bigint'],
  ['notices without a limit', () => engine.notices.list(Number.NaN), 'limit must be'],
  ['a feed without a limit', () => engine.feed.read('0', JSON.parse('"5"')), 'limit must be'],
  ['a part of a feed', () => engine.feed.readKept('0', 0.5), 'limit must be'],
  ['a listener that is none', async () => engine.feed.subscribe(JSON.parse('5')), 'listener must'],
])('%s is refused by name, and nothing is stored', async (_, ask, why) => {
  const before = await engine.feed.last();
  await expect(ask()).rejects.toThrow(why);
  expect(await engine.feed.last()).toBe(before);
  expect(await engine.list({ limit: 9 })).toHaveLength(1);
  expect(await engine.notices.list(9)).toEqual([]);
});

function loop(): unknown {
  const whole: Record<string, unknown> = {};
  whole.self = whole;
  return whole;
}

test.each<[Record<string, unknown>, string]>([
  [{ concurrencyMax: 0 }, 'concurrencyMax must be a number from 1'],
  [{ callsMax: '8' }, 'callsMax must be'],
  [{ drainPerSecond: Number.NaN }, 'drainPerSecond must be'],
  [{ drainPerSecond: 1e300 }, 'drainPerSecond must be a number from 1 to 1000000'],
  [{ drainPerSecond: Number.POSITIVE_INFINITY }, 'drainPerSecond must be'],
  [{ openMax: -1 }, 'openMax must be'],
  [{ keepMs: 5n }, 'keepMs must be'],
  [{ sagas: undefined }, 'sagas must be'],
  [{ sagas: [{}] }, 'sagas must be'],
  [{ journal: undefined }, 'journal must be'],
  [{ carry: 1 }, 'carry must be'],
  [{ random: 0.5 }, 'random must be'],
  [{ onBug: 'log' }, 'onBug must be'],
  [{ onError: {} }, 'onError must be'],
  [{ clock: {} }, 'clock must be'],
  [{ clock: { now: () => 1 } }, 'clock.setTimer must be a function'],
  [{ clock: { now: () => Number.NaN, setTimer: () => () => {} } }, 'clock.now() must be'],
  [{ breaker: { failuresMin: '5' } }, 'failuresMin must be'],
])('an engine is refused %o', async (options, why) => {
  const journal = createMemoryJournal();
  const given = { journal, sagas: [bench.saga], ...options } as unknown as EngineOptions; // as above
  await expect(createEngine(given)).rejects.toThrow(why);
});

test('what comes of the context later does not change what was stored', async () => {
  const context: Record<string, string> = { a: '1' };
  const submitted = engine.submit(bench.saga, order, { id: 'o1', context });
  context.a = '2';
  await submitted;
  expect((await engine.readState('o1'))?.context).toEqual({ a: '1' });
});

test('times that are no whole milliseconds are kept, and what an undo brings along is not', async () => {
  const house = createSqliteHouse();
  const clock = createVirtualClock(1_000.25);
  const undone: unknown[] = [];
  const told: string[] = [];
  const perform = async ({ attempt }: { attempt: { number: number } }): Promise<Reply<null>> =>
    attempt.number > 1 ? ok(null) : { reply: 'unknown', code: 'busy', retryAfterMs: 0.5 };
  const trip = saga('trip', { version: 1, input: anyInput() })
    .step('seat', {
      perform,
      undo: async ({ id }) => ok(new Map([[id, undone.push(id)]])),
      retry: { firstDelayMs: 0.3, delayMaxMs: 0.7, budgetMs: 100_000.5 },
    })
    .step('pay', {
      perform: async () => ok(JSON.parse('{"at": 1}', () => new Date(0))),
      undo: null,
    })
    .end();
  const ended = await createEngine({
    journal: await house.open(),
    sagas: [trip],
    clock,
    random: () => 0.5,
    onBug: (error) => bugs.push(error),
    onError: (error) => {
      told.push(String(error));
      throw new Error('nobody reads this');
    },
  });
  await ended.submit(trip, null, { id: 'o1' });
  await clock.run(async () => (await ended.readState('o1'))?.settledAt !== null);
  expect(await ended.readState('o1')).toMatchObject({
    phase: 'compensated',
    reason: { code: 'unstorable-output', step: 'pay' },
  });
  expect(undone).toEqual(['o1']);
  expect(told).toEqual(['TypeError: output is a Date, which does not survive JSON']);
  expect(bugs.splice(0).map(String)).toEqual(['Error: nobody reads this']);
  await ended.stop();
  house.remove();
});

test('a random that is no number makes no time of a retry that never comes', async () => {
  const clock = createVirtualClock();
  const random = () => Number.NaN;
  const journal = createMemoryJournal();
  const odd = await createEngine({ journal, sagas: [bench.saga], clock, random });
  let calls = 0;
  bench.answer = () => (++calls === 1 ? { reply: 'unknown', code: 'lost' } : ok(1));
  await odd.submit(bench.saga, order, { id: 'o1' });
  await clock.run(async () => (await odd.readState('o1'))?.phase === 'completed');
  await odd.stop();
});

test('the id of a later run comes after those of earlier ones', () => {
  vi.useFakeTimers({ now: 0xfff, toFake: ['Date'] });
  onTestFinished(() => void vi.useRealTimers());
  const before = createRunId();
  vi.setSystemTime(0x1000);
  expect(createRunId() > before).toBe(true);
});
