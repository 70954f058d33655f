import { expect, test } from 'vitest';
import type { Direction } from '../core/event.ts';
import { ok, type Reply } from '../core/reply.ts';
import { createVirtualClock } from '../testing/virtual-clock.ts';
import { breakerDefaults } from './breaker.ts';
import { Lane, type Leave } from './lane.ts';

const down: Reply<never> = { reply: 'unsent', code: 'connection-refused' };
const threw: Reply<never> = { reply: 'unknown', code: 'threw' };

function createStage(callsMax = 5) {
  const clock = createVirtualClock();
  let changes = 0;
  const lane = new Lane<string>({
    callsMax,
    breaker: breakerDefaults,
    clock,
    random: () => 0.5,
    onChange: () => {
      changes += 1;
    },
  });
  const enter = (direction: Direction, failedAt = 0): Leave => {
    const leave = lane.admit(direction, failedAt);
    if (typeof leave !== 'function') throw new Error(`it was ${leave}`);
    return leave;
  };
  const call = (reply: Reply<unknown>, failedAt = 0): void => enter('forward', failedAt)(reply);
  const pass = (ms: number): Promise<void> => {
    const end = clock.now() + ms;
    clock.setTimer(ms, () => {});
    return clock.run(() => clock.now() >= end);
  };
  const open = (): void => {
    for (let failure = 0; failure < breakerDefaults.failuresMin; failure++) call(down);
  };
  /** How often the lane said that something changed since it was asked last. */
  const countChanges = (): number => {
    const count = changes;
    changes = 0;
    return count;
  };
  return { clock, countChanges, lane, enter, call, pass, open };
}

test('admits so many calls and no more, until one of them ends', () => {
  const { lane, enter } = createStage(2);
  const leave = enter('forward');
  enter('forward');
  expect(lane.admit('forward')).toBe('full');
  expect(lane.view().inFlight).toBe(2);
  leave(ok(1));
  expect(lane.look('forward')).toBeNull();
});

test('keeps no permit of a call that was not made, and learns nothing from it', () => {
  const { lane, enter, countChanges } = createStage(1);
  for (let turn = 0; turn < 10; turn++) enter('forward')(null);
  expect(lane.view()).toMatchObject({ inFlight: 0, breaker: 'closed', openings: 0 });
  expect(countChanges()).toBe(10);
});

test.each([
  [1, 1],
  [2, 1],
  [5, 4],
])('with %i permits gives undos %i', (callsMax, undos) => {
  const { lane, enter } = createStage(callsMax);
  const leaves = Array.from({ length: undos }, () => enter('undo'));
  expect(lane.look('undo')).toBe('full');
  expect(lane.look('forward')).toBe(callsMax > undos ? null : 'full');
  leaves[0]?.(ok(1));
  expect(lane.look('undo')).toBeNull();
});

test('opens once for a few that fail beside each other', () => {
  const { lane, enter } = createStage();
  const leaves = Array.from({ length: 5 }, () => enter('forward'));
  for (const leave of leaves) leave(down);
  expect(lane.look('forward')).toBe('open');
  expect(lane.view()).toMatchObject({ breaker: 'open', openings: 1, inFlight: 0 });
});

test('opens when the only run that calls fails again and again', async () => {
  const { lane, call, clock, pass } = createStage();
  let failedAt = 0;
  for (let round = 0; round < 5; round++) {
    call(down, failedAt);
    failedAt = clock.now();
    await pass(100);
  }
  expect(lane.look('forward')).toBe('open');
});

test('takes a call that throws for one that nobody answered', () => {
  const { lane, call } = createStage();
  for (let round = 0; round < 5; round++) call(threw);
  expect(lane.look('forward')).toBe('open');
});

test('learns nothing from runs that fail again while others are served', async () => {
  const { lane, call, clock, pass } = createStage();
  let failedAt = 0;
  for (let round = 0; round < 20; round++) {
    if (failedAt > 0) call(ok(1));
    for (let bad = 0; bad < 4; bad++) call(down, failedAt);
    failedAt = clock.now();
    await pass(1_000);
  }
  expect(lane.view()).toMatchObject({ breaker: 'closed', openings: 0 });
});

test('nor when those that fail were away for long, as repairs are', async () => {
  const { lane, call, clock, pass } = createStage();
  const failedAt = clock.now();
  await pass(1_000);
  call(ok(1));
  for (let round = 0; round < 5; round++) {
    await pass(600_000);
    for (let bad = 0; bad < 6; bad++) call(down, failedAt);
  }
  expect(lane.view()).toMatchObject({ breaker: 'closed', openings: 0 });
});

test('believes a run that fails again, if nobody was served since it failed', async () => {
  const { lane, call, clock, pass } = createStage();
  call(ok(1));
  await pass(1_000);
  const failedAt = clock.now();
  for (let bad = 0; bad < 6 && !lane.isOpen; bad++) call(down, failedAt);
  expect(lane.isOpen).toBe(true);
});

test('believes a probe, whichever run it is', async () => {
  const { lane, call, clock, pass, open, enter } = createStage();
  const failedAt = clock.now();
  await pass(1);
  call(ok(1));
  open();
  const { nextTryAt } = lane.view();
  await pass(1_000);
  const leave = enter('forward', failedAt);
  leave(down);
  expect(lane.view().nextTryAt).toBeGreaterThan(nextTryAt ?? 0);
  expect(lane.look('forward')).toBe('open');
  expect(lane.view().openings).toBe(1);
});

test('lets one probe through at a time, and all others when it went well', async () => {
  const { lane, clock, pass, open, enter, countChanges } = createStage();
  open();
  expect(lane.healedAt).toBe(0);
  await pass(1_000);
  expect(lane.look('forward')).toBeNull();
  const leave = enter('forward');
  countChanges();
  expect([lane.look('forward'), lane.look('undo')]).toEqual(['open', 'open']);
  expect(lane.view()).toMatchObject({ breaker: 'probing', inFlight: 1 });
  leave(ok(1));
  expect(countChanges()).toBe(1);
  // Whoever waits for it may go on.
  expect(lane.nextAt(clock.now())).toBeLessThanOrEqual(clock.now());
  expect([lane.look('forward'), lane.healedAt]).toEqual([null, clock.now()]);
});

test('lets the next probe through when one was not made after all', async () => {
  const { lane, pass, open, enter } = createStage();
  open();
  await pass(1_000);
  enter('forward')(null);
  expect(lane.look('forward')).toBeNull();
  expect(lane.view().breaker).toBe('open');
});

test('is hastened only while it is open, and not past a probe that is under way', async () => {
  const { lane, open, enter, countChanges } = createStage();
  lane.hasten();
  expect(lane.view()).toMatchObject({ breaker: 'closed', openings: 0 });
  open();
  countChanges();
  lane.hasten();
  expect(lane.look('forward')).toBeNull();
  expect(countChanges()).toBe(1);
  enter('forward');
  lane.hasten();
  expect(lane.look('forward')).toBe('open');
});

test('changes by itself when a probe may go, and at no time after that', async () => {
  const { lane, clock, pass, open } = createStage();
  expect(lane.nextAt(clock.now())).toBe(Number.POSITIVE_INFINITY);
  open();
  expect(lane.nextAt(clock.now())).toBe(clock.now() + 750);
  await pass(750);
  // A timer for this moment would ring for ever: whoever comes next is the probe.
  expect(lane.nextAt(clock.now())).toBe(Number.POSITIVE_INFINITY);
});

test('changes for whoever has looked before a probe may go, also where the time comes while he looks', async () => {
  const { lane, clock, pass, open } = createStage();
  open();
  await pass(750);
  expect(lane.nextAt(clock.now() - 1)).toBe(clock.now());
});
