import { expect, onTestFinished, test, vi } from 'vitest';
import { ok } from '../core/reply.ts';
import { createOrderBench, order } from '../fixtures/order.ts';
import { createMemoryJournal } from '../testing/memory-journal.ts';
import { createVirtualClock } from '../testing/virtual-clock.ts';
import { printError } from './bug.ts';
import { createEngine } from './embedded-engine.ts';

test('code of others that fails, at once or later, is told of as a bug and harms no run', async () => {
  const bench = createOrderBench();
  const clock = createVirtualClock();
  const bugs = new Set<string>();
  const rejects = (name: string) => async (): Promise<void> => {
    throw new Error(name);
  };
  const engine = await createEngine({
    journal: createMemoryJournal(),
    sagas: [bench.saga],
    clock,
    keepMs: 10_000,
    onBug: (error) => bugs.add(String(error)),
    onError: rejects('onError'),
    onPruned: rejects('onPruned'),
  });
  engine.feed.subscribe(rejects('listener'));
  engine.feed.subscribe(() => {
    throw new Error('other listener');
  });
  bench.answer = ({ what }) => {
    if (what === 'forward reserve') throw new Error('a step');
    return ok(1);
  };
  await engine.submit(bench.saga, order, { id: 'o1' });
  await clock.run(async () => (await engine.readState('o1'))?.phase === 'compensated');
  await clock.run(async () => (await engine.read('o1')) === undefined);
  expect([...bugs].sort()).toEqual(
    ['listener', 'onError', 'onPruned', 'other listener'].map((name) => `Error: ${name}`),
  );
  await engine.stop();
});

test('an error is printed so that its text commands no terminal, and passes for no line of its own', () => {
  const write = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  onTestFinished(() => write.mockRestore());
  const error = new Error('no \u001b[31mroom\u009b\r\no2: pay, attempt 1, threw: forged\u202e');
  printError(error, { run: 'o1', step: 'pay', attempt: 2 });
  const [line = '', forged = '', ...stack] = String(write.mock.lastCall?.[0]).split('\n');
  expect(line).toBe('o1: pay, attempt 2, threw: Error: no \\u{1b}[31mroom\\u{9b}\\u{d}');
  expect(forged).toBe('  o2: pay, attempt 1, threw: forged\\u{202e}');
  expect(stack[0]).toMatch(/^ {6}at .*bug\.test\.ts/);
});
