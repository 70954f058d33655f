import { expect, test } from 'vitest';
import { breakerDefaults } from './breaker.ts';
import { Gate } from './gate.ts';
import { ok, type Reply } from './reply.ts';
import { createVirtualClock } from './testing/virtual-clock.ts';

const down: Reply<never> = { reply: 'unsent', code: 'connection-refused' };

function createStage(callsMax: number) {
  const clock = createVirtualClock();
  const called: string[] = [];
  const gate = new Gate<string>(
    'shop',
    { callsMax, drainPerSecond: 10, breaker: breakerDefaults },
    {
      clock,
      random: () => 0.5,
      wake: (item) => called.push(item),
      toId: (item) => item,
      onClosed: () => {},
    },
  );
  const pass = (ms: number): Promise<void> => {
    const end = clock.now() + ms;
    clock.setTimer(ms, () => {});
    return clock.run(() => clock.now() >= end);
  };
  return { clock, called, gate, pass };
}

test('keeps a place that became free for the one who waited for it', () => {
  const { called, gate } = createStage(1);
  const leave = gate.enter('a', 'forward');
  gate.hold('b', 'full', 'new');
  leave(ok(1));
  expect(called).toEqual(['b']);
  expect(gate.read('forward', 'c').type).toBe('full');
  expect(gate.read('forward', 'b').type).toBe('free');
});

test('gives the place on when the one who was called does not come', () => {
  const { called, gate } = createStage(1);
  const leave = gate.enter('a', 'forward');
  gate.hold('b', 'full', 'new');
  gate.hold('c', 'full', 'new');
  leave(ok(1));
  gate.release('b');
  expect(called).toEqual(['b', 'c']);
  gate.release('c');
  expect(gate.read('forward', 'd').type).toBe('free');
});

test('calls undos before others, and leaves one place to the others', () => {
  const { called, gate } = createStage(2);
  const leaves = [gate.enter('a', 'undo'), gate.enter('b', 'forward')];
  expect(gate.read('undo', 'c').type).toBe('full');
  gate.hold('c', 'full', 'undo');
  gate.hold('d', 'full', 'new');
  leaves[1]?.(ok(1));
  expect(called).toEqual(['d']);
  leaves[0]?.(ok(1));
  expect(called).toEqual(['d', 'c']);
});

test('parks those who wait for a place when the breaker opens', () => {
  const { called, gate } = createStage(5);
  const leaves = ['a', 'b', 'c', 'd', 'e'].map((item) => gate.enter(item, 'forward'));
  gate.hold('f', 'full', 'new');
  for (const leave of leaves) leave(down);
  expect(called).toContain('f');
  expect(gate.read('forward', 'f')).toMatchObject({ type: 'parked' });
});

test('calls those who are parked one after the other, and all of them in the end', async () => {
  const { clock, called, gate } = createStage(5);
  for (const item of ['a', 'b', 'c', 'd', 'e']) gate.enter(item, 'forward')(down);
  for (const item of ['x', 'y', 'z']) gate.hold(item, 'parked', 'new');
  await clock.run(() => called.length === 1);
  gate.enter('x', 'forward')(down);
  gate.hold('x', 'parked', 'new');
  await clock.run(() => called.length === 2);
  gate.enter('y', 'forward')(ok(1));
  await clock.run(() => called.length === 4);
  expect(called).toEqual(['x', 'y', 'z', 'x']);
});

test('probes with one whose own request cannot be to blame, however long the others have been there', async () => {
  const { clock, called, gate } = createStage(5);
  const failed = ['a', 'b', 'c', 'd', 'e'];
  for (const item of failed) gate.enter(item, 'forward')(down);
  for (const item of [...failed, 'x']) gate.hold(item, 'parked', 'new');
  await clock.run(() => called.length === 1);
  expect(called).toEqual(['x']);
});

test('does not park the others when one fails again and again while others are served', () => {
  const { gate } = createStage(5);
  for (let round = 0; round < 10; round++) {
    gate.enter('good', 'forward')(ok(1));
    gate.enter('bad', 'forward')(down);
  }
  expect(gate.view()).toMatchObject({ breaker: 'closed', openings: 0 });
});

test('nor when those who fail were away in between, as repairs are', () => {
  const { gate } = createStage(5);
  for (let round = 0; round < 10; round++) {
    gate.enter('good', 'forward')(ok(1));
    for (const item of ['a', 'b', 'c', 'd', 'e', 'f']) {
      gate.enter(item, 'forward')(round === 0 ? ok(1) : down);
      gate.dismiss(item);
      if (round === 1) gate.enter('good', 'forward')(ok(1));
    }
  }
  expect(gate.view()).toMatchObject({ breaker: 'closed', openings: 0 });
});

test('parks everybody when the only one who calls fails again and again', () => {
  const { gate } = createStage(5);
  for (let round = 0; round < 5; round++) gate.enter('a', 'forward')(down);
  expect(gate.read('forward', 'b').type).toBe('parked');
});

test('lets the parked go on at their rate, however many others come and go meanwhile', async () => {
  const { called, gate, pass } = createStage(5);
  for (const item of ['a', 'b', 'c', 'd', 'e']) gate.enter(item, 'forward')(down);
  for (const item of ['w', 'x', 'y', 'z']) gate.hold(item, 'parked', 'new');
  await pass(1_000);
  gate.enter('w', 'forward')(ok(1));
  for (let visit = 0; visit < 10; visit++) {
    await pass(50);
    gate.enter('other', 'forward')(ok(1));
  }
  expect(called).toEqual(['w', 'x', 'y', 'z']);
});

test('probes with one who waited for a place when nobody is parked', async () => {
  const { called, gate, pass } = createStage(2);
  const leave = gate.enter('undoing', 'undo');
  for (const item of ['a', 'b', 'c', 'd', 'e']) gate.enter(item, 'forward')(down);
  await pass(1_000);
  expect(gate.read('undo', 'next').type).toBe('full');
  gate.hold('next', 'full', 'undo');
  leave(ok(1));
  expect(called).toEqual(['next']);
});

test('parks also the one who found it full just before it opened', () => {
  const { gate } = createStage(5);
  for (const item of ['a', 'b', 'c', 'd', 'e']) gate.enter(item, 'forward')(down);
  gate.hold('late', 'full', 'new');
  expect(gate.view()).toMatchObject({ parked: 1, waiting: 0 });
});

test('takes a call that throws for one that nobody answered', () => {
  const { gate } = createStage(5);
  const threw: Reply<never> = { reply: 'unknown', code: 'threw' };
  for (const item of ['a', 'b', 'c', 'd', 'e']) gate.enter(item, 'forward')(threw);
  expect(gate.read('forward', 'f').type).toBe('parked');
});

test('awaits a probe for as long as its own call may take', async () => {
  const { gate, pass } = createStage(5);
  for (const item of ['a', 'b', 'c', 'd', 'e']) gate.enter(item, 'forward')(down);
  await pass(1_000);
  const leave = gate.enter('f', 'forward', 30_000);
  await pass(29_000);
  expect(gate.view().breaker).toBe('probing');
  leave(ok(1));
  expect(gate.view().breaker).toBe('closed');
});
