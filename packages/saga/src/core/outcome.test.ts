import { describe, expect, test } from 'vitest';
import { given, undoFailed, unknown, unsent } from '../fixtures/history.ts';
import { toStepEvent, toUndoEvent } from './outcome.ts';
import { triesDefaults } from './policy.ts';
import { ok, type Reply, refused } from './reply.ts';
import { type RunState, readWay } from './state.ts';

const tries = { ...triesDefaults.undo, attemptsMax: 2, firstDelayMs: 100, delayMaxMs: 1_000 };
const tried = { way: 'pay', attempt: 1, startedAt: 50 };
const lost: Reply<never> = { reply: 'unknown', code: 'reset' };
const closed: Reply<never> = { reply: 'unsent', code: 'breaker-open' };

const outcome = (reply: Reply<unknown>, state: RunState = given(), random = 0.5) => ({
  tried,
  reply,
  endedAt: 60,
  before: readWay(state, 'pay'),
  tries,
  isRepair: false,
  random,
});

describe('a forward reply', () => {
  test('ok succeeds with its output', () => {
    expect(toStepEvent(outcome(ok({ paymentId: 7 })))).toEqual({
      type: 'step-succeeded',
      ...tried,
      output: { paymentId: 7 },
    });
  });

  test('refused refuses with its code', () => {
    expect(toStepEvent(outcome(refused('declined')))).toEqual({
      type: 'step-refused',
      ...tried,
      code: 'declined',
    });
  });

  test('unsent and unknown come back after a jittered delay', () => {
    expect(toStepEvent(outcome(closed))).toEqual({
      type: 'step-unsent',
      ...tried,
      code: 'breaker-open',
      retryAt: 110,
    });
    expect(toStepEvent(outcome(lost))).toEqual({
      type: 'step-unknown',
      ...tried,
      code: 'reset',
      retryAt: 110,
    });
  });

  test('backs off with each miss, sent or not', () => {
    const state = given(unknown('pay'), unsent('pay'));
    expect(toStepEvent(outcome(lost, state))).toMatchObject({ retryAt: 60 + 0.5 * 400 });
  });

  test('honours Retry-After up to the longest delay', () => {
    expect(toStepEvent(outcome({ ...lost, retryAfterMs: 700 }))).toMatchObject({ retryAt: 760 });
    expect(toStepEvent(outcome({ ...closed, retryAfterMs: 7_000 }))).toMatchObject({
      retryAt: 1_060,
    });
  });

  test('of a repair comes back ever more rarely, up to a quarter of an hour', () => {
    const tryAfter = (count: number) => {
      const state = given(...Array.from({ length: count }, () => unknown('pay')));
      return toStepEvent({ ...outcome(lost, state), isRepair: true });
    };
    expect(tryAfter(2)).toMatchObject({ retryAt: 60 + 200 });
    expect(tryAfter(30)).toMatchObject({ retryAt: 60 + 450_000 });
    expect(
      toStepEvent(outcome(lost, given(...Array.from({ length: 30 }, () => unknown('pay'))))),
    ).toMatchObject({ retryAt: 560 });
  });

  test('is final when the same request will fare no better', () => {
    expect(toStepEvent(outcome({ ...lost, retriable: false }))).toMatchObject({ final: true });
    expect(toStepEvent(outcome({ ...lost, retriable: true }))).not.toHaveProperty('final');
  });
});

describe('the reply to an undo', () => {
  test('ok ends it', () => {
    expect(toUndoEvent(outcome(ok(null)))).toEqual({ type: 'undo-succeeded', ...tried });
  });

  test('unknown comes back after a jittered delay', () => {
    expect(toUndoEvent(outcome({ ...lost, retryAfterMs: 80 }))).toEqual({
      type: 'undo-unknown',
      ...tried,
      code: 'reset',
      retryAt: 140,
      exhausted: false,
    });
  });

  test('backs off with each miss, sent or not', () => {
    const state = given(undoFailed('pay', 'undo-unsent'), undoFailed('pay', 'undo-unsent'));
    expect(toUndoEvent(outcome(closed, state))).toMatchObject({
      type: 'undo-unsent',
      retryAt: 60 + 0.5 * 200 * 2,
      exhausted: false,
    });
  });

  test.each([
    ['refused', refused('too-late')],
    ['unknown for good', { ...lost, retriable: false }],
  ])('%s is owed, and asked again after the longest delay', (_, reply) => {
    expect(toUndoEvent(outcome(reply))).toMatchObject({ exhausted: true, retryAt: 560 });
  });

  test('what is owed is asked for ever more rarely, up to a quarter of an hour', () => {
    const refusals = (count: number) =>
      Array.from({ length: count }, () => undoFailed('pay', 'undo-refused', { exhausted: true }));
    const tryAfter = (count: number) =>
      toUndoEvent(outcome(refused('too-late'), given(...refusals(count))));
    expect(tryAfter(2)).toMatchObject({ retryAt: 60 + 1_000 });
    expect(tryAfter(3)).toMatchObject({ retryAt: 60 + 2_000 });
    expect(tryAfter(30)).toMatchObject({ retryAt: 60 + 450_000 });
  });

  test('unknown as often as the policy allows is owed', () => {
    const state = given(undoFailed('pay', 'undo-unknown'));
    expect(toUndoEvent(outcome(lost, state))).toMatchObject({ exhausted: true, retryAt: 560 });
  });

  test('unsent never makes it owed, and does not end that it is', () => {
    const busy = given(...Array.from({ length: 9 }, () => undoFailed('pay', 'undo-unsent')));
    expect(toUndoEvent(outcome(closed, busy))).toMatchObject({ exhausted: false });
    const last = given(undoFailed('pay', 'undo-unknown'));
    expect(toUndoEvent(outcome(closed, last))).toMatchObject({ exhausted: false });
    const owed = given(undoFailed('pay', 'undo-refused', { exhausted: true }));
    expect(toUndoEvent(outcome(closed, owed))).toMatchObject({ exhausted: true, retryAt: 560 });
  });
});
