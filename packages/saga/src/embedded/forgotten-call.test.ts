/** A call that was under way when the process ended must be reckoned with, whatever happens before it is looked at again. */
import { expect, test } from 'vitest';
import { ok, type Reply } from '../core/reply.ts';
import type { Call } from '../fixtures/cast.ts';
import { createCrashable } from '../fixtures/crash.ts';
import { createOrderBench, type OrderBench, order } from '../fixtures/order.ts';
import { createMemoryJournal, createMemoryStore } from '../testing/memory-journal.ts';
import { createVirtualClock } from '../testing/virtual-clock.ts';
import { createEngine } from './embedded-engine.ts';
import type { Engine, EngineOptions } from './engine.ts';

const never = new Promise<never>(() => {});
const unsent: Reply<never> = { reply: 'unsent', code: 'connection-refused' };
/** Nobody takes anything new; what was done is undone. */
const undoOnly = ({ what }: Call) => (what.startsWith('undo') ? ok('undone') : unsent);

function createStage() {
  const store = createMemoryStore();
  const clock = createVirtualClock();
  const start = async ({ saga }: OrderBench, options: Partial<EngineOptions> = {}) => {
    const { journal, crash } = createCrashable(createMemoryJournal(store));
    const engine = await createEngine({
      journal,
      sagas: [saga],
      clock,
      random: () => 0.5,
      ...options,
    });
    const end = (): void => {
      crash();
      clock.clear();
    };
    return { engine, end };
  };
  return { clock, start };
}

/** Cancels, and waits until all that may be there is undone. */
async function undo(engine: Engine, clock: ReturnType<typeof createVirtualClock>): Promise<void> {
  await engine.cancel('o1', 'changed my mind');
  await clock.run(async () => (await engine.read('o1'))?.state.phase === 'compensated', 86_400_000);
  await engine.stop();
}

const toOrdinals = ({ calls }: OrderBench): number[] => calls.map(({ ordinal }) => ordinal);

test('undoes what was asked for by a probe, though an operator asked for a retry before the crash', async () => {
  const { clock, start } = createStage();
  const bench = createOrderBench();
  bench.answer = () => unsent;
  const breaker = { failuresMin: 1, firstDelayMs: 1_000 };
  const first = await start(bench, { breaker });
  await first.engine.submit(bench.saga, order, { id: 'o1' });
  const hasParked = async () =>
    (await first.engine.read('o1'))?.state.ways.reserve?.isParked === true;
  await clock.run(hasParked);
  bench.answer = () => never;
  const asked = bench.calls.length;
  await clock.run(() => bench.calls.length > asked);
  expect(await first.engine.retry('o1', 'now')).toBe('done');
  first.end();
  bench.answer = undoOnly;
  const second = await start(bench, { breaker });
  await undo(second.engine, clock);
  expect(bench.calls.map(({ what }) => what)).toContain('undo reserve');
  expect(new Set(toOrdinals(bench)).size).toBe(bench.calls.length);
});

test('undoes what was asked for before its definition was gone, though nobody ended abruptly since', async () => {
  const { clock, start } = createStage();
  const bench = createOrderBench(1);
  bench.answer = () => never;
  const first = await start(bench);
  await first.engine.submit(bench.saga, order, { id: 'o1' });
  await clock.run(() => bench.calls.length === 1);
  first.end();
  const without = await start(createOrderBench(2));
  await without.engine.stop();
  clock.clear();
  bench.answer = undoOnly;
  const back = await start(bench);
  await undo(back.engine, clock);
  expect(bench.calls.map(({ what }) => what)).toContain('undo reserve');
  expect(new Set(toOrdinals(bench)).size).toBe(bench.calls.length);
});
