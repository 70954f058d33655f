import { expect, test } from 'vitest';
import type { Reply } from '../core/reply.ts';
import { createEngine } from '../embedded/embedded-engine.ts';
import { createMemoryJournal } from '../testing/memory-journal.ts';
import {
  type Breaker,
  breakerDefaults,
  closedBreaker,
  enter,
  hasten,
  leave,
  mayPass,
  toBreakerOptions,
  toVerdict,
  type Verdict,
} from './breaker.ts';

const moment = (now: number, random = 0.999) => ({ now, random, options: breakerDefaults });

/** Calls one after the other, each a millisecond long. */
function call(breaker: Breaker, verdicts: readonly Verdict[], now: number): Breaker {
  return verdicts.reduce((before, verdict, index) => {
    const entered = enter(before);
    return leave(entered, { era: entered.era, verdict }, moment(now + index));
  }, breaker);
}
const failing = (count: number): Verdict[] => Array.from({ length: count }, () => 'failing');
const healthy = (count: number): Verdict[] => Array.from({ length: count }, () => 'healthy');
const open = call(closedBreaker, failing(5), 0);

test('opens at the fifth failure, and lets nobody through until its time', () => {
  expect(call(closedBreaker, failing(4), 0).state).toBe('closed');
  expect(open).toMatchObject({ state: 'open', since: 4, openings: 1 });
  expect(mayPass(open, 1_003)).toBe(false);
  expect(mayPass(open, 1_004)).toBe(true);
});

test('stays closed while less than half of the latest calls fail', () => {
  const mixed = [...healthy(11), ...failing(9)];
  expect(call(closedBreaker, mixed, 0).state).toBe('closed');
  expect(call(closedBreaker, [...mixed, 'failing'], 0).state).toBe('open');
});

test('counts runs, each by its latest call: one that fails for ever opens nothing', () => {
  const ended = (breaker: Breaker, [run, verdict]: readonly [string, Verdict]) =>
    leave(breaker, { era: breaker.era, verdict, run }, moment(1));
  const bad = Array.from({ length: 20 }, (_, i) => [`bad-${i % 4}`, 'failing'] as const);
  const four = bad.reduce(ended, closedBreaker);
  expect(four).toMatchObject({ state: 'closed', outcomes: { length: 4 } });
  expect(ended(four, ['fifth', 'failing']).state).toBe('open');
  expect(ended(ended(four, ['bad-1', 'healthy']), ['fifth', 'failing']).state).toBe('closed');
});

test('forgets failures that are long past', () => {
  const before = call(closedBreaker, failing(4), 0);
  expect(call(before, ['failing'], 29_999).state).toBe('open');
  expect(call(before, ['failing'], 30_000).state).toBe('closed');
});

test('lets one probe through, and closes when it is well', () => {
  const probing = enter(open);
  expect(mayPass(probing, 2_000)).toBe(false);
  const closed = leave(probing, { era: probing.era, verdict: 'healthy' }, moment(2_100));
  expect(closed).toMatchObject({ state: 'closed', since: 2_100, outcomes: [] });
  expect(mayPass(closed, 2_100)).toBe(true);
});

test('is of a new era with each change, so that no call is taken for one of another', () => {
  const probing = enter(open);
  const failed = leave(probing, { era: probing.era, verdict: 'failing' }, moment(2_100));
  const again = enter(failed);
  const closed = leave(again, { era: again.era, verdict: 'healthy' }, moment(90_100));
  const eras = [closedBreaker, open, probing, failed, again, closed].map(({ era }) => era);
  expect(eras).toEqual([...new Set(eras)].toSorted((a, b) => a - b));
});

test('waits twice as long after each probe that fails, up to the longest delay', () => {
  let breaker = open;
  const delays: number[] = [];
  for (let now = 10_000; delays.length < 7; now += 100_000) {
    breaker = call(breaker, ['failing'], now);
    delays.push(breaker.state === 'open' ? breaker.until - now : 0);
  }
  expect(delays).toEqual([1_999, 3_998, 7_996, 15_992, 29_985, 29_985, 29_985]);
});

test('waits by chance half as long, so that several do not probe together', () => {
  const early = leave(
    call(closedBreaker, failing(4), 0),
    { era: 0, verdict: 'failing' },
    moment(4, 0),
  );
  expect(early).toMatchObject({ until: 504 });
});

test('waits as long as the participant wishes, up to the longest delay', () => {
  const four = call(closedBreaker, failing(4), 0);
  const wish = (retryAfterMs: number) =>
    leave(four, { era: 0, verdict: 'failing', retryAfterMs }, moment(4));
  expect(wish(7_000)).toMatchObject({ until: 7_004 });
  expect(wish(7_000_000)).toMatchObject({ until: 30_004 });
});

test('counts no call that said nothing of the participant', () => {
  const four = call(closedBreaker, failing(4), 0);
  expect(call(four, ['nothing'], 4)).toBe(four);
});

test('lets the next one probe when the probe said nothing of the participant', () => {
  const probing = enter(open);
  const after = leave(probing, { era: probing.era, verdict: 'nothing' }, moment(2_010));
  expect(after).toMatchObject({ state: 'open', openings: 1 });
  expect(mayPass(after, 2_010)).toBe(true);
});

test('believes no call that began before it opened, nor one of an earlier probe', () => {
  const straggler = leave(open, { era: closedBreaker.era, verdict: 'healthy' }, moment(10));
  expect(straggler).toBe(open);
  const probing = enter(open);
  expect(leave(probing, { era: closedBreaker.era, verdict: 'healthy' }, moment(2_001))).toBe(
    probing,
  );
});

test('waits longer when it opens again soon after it closed, and no longer after a calm time', () => {
  const closed = call(open, ['healthy'], 2_000);
  expect(call(closed, failing(5), 2_010)).toMatchObject({ state: 'open', openings: 2 });
  expect(call(closed, failing(5), 31_995)).toMatchObject({ state: 'open', openings: 2 });
  expect(call(closed, failing(5), 31_996)).toMatchObject({ state: 'open', openings: 1 });
  const later = call(open, ['healthy'], 90_000);
  expect(call(later, failing(5), 90_010)).toMatchObject({ state: 'open', openings: 2 });
});

test('probes at once when somebody knows that it is worth it', () => {
  expect(mayPass(hasten(open, 10), 10)).toBe(true);
  expect(hasten(closedBreaker, 10)).toBe(closedBreaker);
});

test('refuses options by which it would never open or never probe', async () => {
  expect(() => toBreakerOptions({ failuresMin: 0 })).toThrow(/failuresMin/);
  expect(() => toBreakerOptions({ delayMaxMs: Number.POSITIVE_INFINITY })).toThrow(/delayMaxMs/);
  expect(toBreakerOptions({ windowMs: 5 })).toEqual({ ...breakerDefaults, windowMs: 5 });
  const journal = createMemoryJournal();
  await expect(createEngine({ journal, sagas: [], breaker: { windowMs: -1 } })).rejects.toThrow(
    /windowMs/,
  );
});

test.each([
  ['healthy', 'did it', { reply: 'ok', output: null }],
  ['healthy', 'refused it', { reply: 'refused', code: 'declined' }],
  ['healthy', 'blames the request', { reply: 'unknown', code: 'bad', retriable: false }],
  ['failing', 'says nothing that is known', { reply: 'unknown', code: 'reset' }],
  ['failing', 'may be asked again', { reply: 'unknown', code: 'busy', retriable: true }],
  ['failing', 'threw', { reply: 'unknown', code: 'threw' }],
  ['failing', 'was not reached', { reply: 'unsent', code: 'refused' }],
  ['nothing', 'was not called', null],
] as const)('takes for %s who %s', (verdict, _, reply) => {
  expect(toVerdict(reply as Reply<unknown> | null)).toBe(verdict);
});
