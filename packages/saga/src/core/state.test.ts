import { describe, expect, test } from 'vitest';
import {
  accepted,
  alternateChosen,
  cancelRequested,
  decided,
  deferred,
  finalUnknown,
  given,
  interrupted,
  refusedBy,
  succeeded,
  toEvents,
  undoFailed,
  undone,
  unknown,
  unsent,
  writtenOff,
} from '../fixtures/history.ts';
import type { Happening } from './event.ts';
import { replay, tryReplay } from './history.ts';
import { evolve, isParked, isStarted, readWay } from './state.ts';

describe('a forward attempt', () => {
  test('leaves an effect that may exist when its end is unknown', () => {
    expect(readWay(given(unknown('pay', { startedAt: 7, retryAt: 9 })), 'pay')).toMatchObject({
      attempts: 1,
      failures: 1,
      result: 'none',
      mayExist: true,
      since: 7,
      retryAt: 9,
      code: 'timed-out',
    });
  });

  test('stays unknown when a later one was unsent', () => {
    const way = readWay(given(unknown('pay'), unsent('pay', { attempt: 2 })), 'pay');
    expect(way).toMatchObject({ mayExist: true, attempts: 1, failures: 1, unsents: 1 });
  });

  test('is no longer unknown once the same key was answered', () => {
    expect(readWay(given(unknown('pay'), succeeded('pay', 5)), 'pay')).toMatchObject({
      result: 'ok',
      mayExist: false,
      output: 5,
      code: null,
    });
    expect(readWay(given(unknown('pay'), refusedBy('pay')), 'pay')).toMatchObject({
      result: 'refused',
      mayExist: false,
      code: 'sold-out',
    });
  });

  test('that was unsent burns no attempt and begins the time budget', () => {
    const way = readWay(given(unsent('pay', { startedAt: 4, retryAt: 6 })), 'pay');
    expect(way).toMatchObject({ attempts: 0, failures: 0, unsents: 1, since: 4, retryAt: 6 });
    expect(way.mayExist).toBe(false);
  });

  test('that found the breaker open burns no attempt and begins the time budget', () => {
    const parked = { type: 'step-parked', way: 'pay', code: 'breaker-open' } as const;
    const way = readWay(given(parked), 'pay');
    expect(way).toMatchObject({ attempts: 0, failures: 0, isParked: true, since: 1 });
    expect(way.mayExist).toBe(false);
    expect(readWay(given(parked, unsent('pay')), 'pay').isParked).toBe(false);
  });

  test('that recovery found interrupted has a number, and burns no attempt', () => {
    const way = readWay(given(unknown('pay'), interrupted('pay', { attempt: 2 })), 'pay');
    expect(way).toMatchObject({ attempts: 2, failures: 1, mayExist: true });
  });

  test('that fares no better when repeated stays so through a recovery', () => {
    expect(readWay(given(finalUnknown('pay'), interrupted('pay')), 'pay').final).toBe(true);
  });

  test('keeps the start of the first one', () => {
    const state = given(
      unsent('pay', { startedAt: 4 }),
      unknown('pay', { startedAt: 8 }),
      unknown('pay', { startedAt: 9 }),
    );
    expect(readWay(state, 'pay').since).toBe(4);
  });

  test('of a way that bears the name of a property of every object is fresh at first', () => {
    expect(readWay(given(), 'constructor').result).toBe('none');
  });
});

describe('an undo', () => {
  test('counts its failures apart from those of the way forward', () => {
    const state = given(
      succeeded('pay', 5),
      undoFailed('pay', 'undo-unknown', { retryAt: 3 }),
      undoFailed('pay', 'undo-unsent', { attempt: 2, retryAt: 4 }),
      undoFailed('pay', 'undo-refused', { attempt: 2, retryAt: 5, exhausted: true }),
    );
    expect(readWay(state, 'pay')).toMatchObject({
      attempts: 1,
      failures: 0,
      output: 5,
      undo: { attempts: 2, failures: 2, unsents: 1, exhausted: true, retryAt: 5, done: false },
    });
  });

  test('that found the breaker open burns no attempt', () => {
    const parked = { type: 'undo-parked', way: 'pay', code: 'breaker-open' } as const;
    const { undo } = readWay(given(succeeded('pay'), parked), 'pay');
    expect(undo).toMatchObject({ attempts: 0, failures: 0, isParked: true, exhausted: false });
    const tried = given(succeeded('pay'), parked, undoFailed('pay', 'undo-unsent'));
    expect(readWay(tried, 'pay').undo.isParked).toBe(false);
  });

  test('is done once acknowledged', () => {
    expect(readWay(given(succeeded('pay'), undone('pay')), 'pay').undo).toMatchObject({
      attempts: 1,
      done: true,
      code: null,
    });
  });
});

describe('a run', () => {
  test('begins forward with what was accepted', () => {
    expect(given()).toEqual({
      saga: 'trip',
      version: 1,
      structure: '',
      input: {},
      context: {},
      phase: 'forward',
      reason: null,
      cancelRequested: false,
      interruptions: 0,
      started: null,
      isQuarantined: false,
      restsUntil: 0,
      calls: 0,
      alternates: {},
      deferred: [],
      ways: {},
      seq: 1,
      acceptedAt: 0,
      at: 0,
      settledAt: null,
    });
  });

  test('remembers what was chosen, deferred, asked for and decided', () => {
    const state = given(alternateChosen('pay'), deferred('mail'), cancelRequested, decided);
    expect(state).toMatchObject({
      alternates: { pay: 1 },
      deferred: ['mail'],
      cancelRequested: true,
      phase: 'compensating',
      reason: { code: 'timed-out', step: 'pay' },
      seq: 5,
    });
  });

  test('settles at the time of its last event', () => {
    expect(given({ type: 'completed' })).toMatchObject({ phase: 'completed', settledAt: 1 });
    expect(given(decided, { type: 'compensated' })).toMatchObject({
      phase: 'compensated',
      settledAt: 2,
    });
  });

  test('believes of a late ok only that there is something to undo', () => {
    const state = given(unknown('pay'), decided, succeeded('pay'));
    expect(state.phase).toBe('compensating');
    expect(readWay(state, 'pay').result).toBe('ok');
  });
});

describe('a call', () => {
  const started = (way: string, direction: 'forward' | 'undo'): Happening => ({
    type: 'attempt-started',
    way,
    direction,
  });
  const parked = { type: 'step-parked', way: 'pay', code: 'breaker-open' } as const;
  const undoParked = { type: 'undo-parked', way: 'pay', code: 'breaker-open' } as const;

  test('has a number of its own, also one that a restart may have interrupted', () => {
    const history = [
      unsent('pay'),
      parked,
      unknown('pay'),
      decided,
      { type: 'recovered' },
    ] as const;
    expect(given(...history).calls).toBe(3);
    expect(given(...history, undone('pay')).calls).toBe(4);
  });

  test('is announced for one way and direction', () => {
    const state = given(started('pay', 'undo'));
    expect(isStarted(state, 'pay', 'undo')).toBe(true);
    expect(isStarted(state, 'pay', 'forward')).toBe(false);
    expect(isStarted(state, 'mail', 'undo')).toBe(false);
    expect(isStarted(given(), 'pay', 'undo')).toBe(false);
  });

  test.each([
    ['its end was seen', succeeded('pay')],
    ['a restart found it', { type: 'recovered' } as const],
    ['a restart marked it unknown', interrupted('pay')],
    ['it was parked again', parked],
  ])('is under way until %s', (_, happening) => {
    const announced = started('pay', 'forward');
    expect(given(announced).started).toEqual({ way: 'pay', direction: 'forward' });
    expect(given(announced, happening).started).toBeNull();
  });

  test('is under way though an operator asks for a retry', () => {
    const retry = { type: 'retry-requested', reason: 'mended' } as const;
    expect(given(started('pay', 'forward'), retry).started).not.toBeNull();
  });

  test('is parked until it was made out of that, in its direction', () => {
    const isSo = (direction: 'forward' | 'undo', ...history: readonly Happening[]): boolean =>
      isParked(given(...history), { way: { name: 'pay' }, direction });
    expect([isSo('forward'), isSo('forward', parked), isSo('undo', parked)]).toEqual([
      false,
      true,
      false,
    ]);
    expect([isSo('forward', undoParked), isSo('undo', undoParked)]).toEqual([false, true]);
    expect(isSo('forward', parked, started('pay', 'forward'))).toBe(false);
    expect(isSo('forward', parked, started('pay', 'undo'))).toBe(true);
  });

  test('is under way though another one is parked', () => {
    expect(given(started('pay', 'undo'), parked).started).not.toBeNull();
    expect(given(started('pay', 'forward'), undoParked).started).not.toBeNull();
    expect(given(started('pay', 'undo'), undoParked).started).toBeNull();
  });
});

describe('an interruption', () => {
  test('counts until an attempt has an end', () => {
    const twice = [interrupted('pay'), { type: 'recovered' }] as const;
    expect(given(...twice).interruptions).toBe(2);
    expect(given({ type: 'recovered' }, interrupted('pay')).interruptions).toBe(2);
    expect(given(...twice, unknown('pay')).interruptions).toBe(0);
    expect(given(...twice, undone('pay')).interruptions).toBe(0);
  });
});

describe('an operator', () => {
  const stuck = [
    unknown('pay', { retryAt: 500 }),
    { type: 'recovered' },
    decided,
    undoFailed('pay', 'undo-unsent'),
    undoFailed('pay', 'undo-refused', { retryAt: 900, exhausted: true }),
    { type: 'recovered' },
    { type: 'quarantined', code: 'poison' },
  ] as const;

  test('makes due what waits, and gives an undo all its attempts back', () => {
    const state = given(...stuck, { type: 'retry-requested', reason: 'mended' });
    expect(state).toMatchObject({ interruptions: 0, isQuarantined: false });
    expect(readWay(state, 'pay')).toMatchObject({
      retryAt: 0,
      failures: 1,
      undo: { retryAt: 0, failures: 0, unsents: 0, exhausted: false, attempts: 1 },
    });
  });

  test('a requeue makes it due, and nothing else', () => {
    const before = given(...stuck);
    const state = given(...stuck, { type: 'retry-requested', reason: 'later', nudge: true });
    expect(before).toMatchObject({ interruptions: 1, isQuarantined: true });
    const way = readWay(before, 'pay');
    expect(state).toEqual({
      ...before,
      seq: before.seq + 1,
      at: before.at + 1,
      ways: { pay: { ...way, retryAt: 0, undo: { ...way.undo, retryAt: 0 } } },
    });
    expect(way).toMatchObject({ retryAt: 500, undo: { failures: 1, unsents: 1, exhausted: true } });
  });

  test('writes a way off, until it was done all the same', () => {
    const off = given(unknown('mail'), writtenOff('mail', 'forward'));
    expect(readWay(off, 'mail')).toMatchObject({
      mayExist: true,
      writtenOff: { direction: 'forward', reason: 'by hand', at: 2 },
    });
    const late = given(unknown('mail'), writtenOff('mail', 'forward'), succeeded('mail'));
    expect(readWay(late, 'mail').writtenOff).toBeNull();
  });
});

describe('a damaged journal', () => {
  test('is no state, for whoever asks with care', () => {
    expect(tryReplay([])).toBeUndefined();
    expect(tryReplay(toEvents([accepted]))).toEqual(given());
  });

  test('is reported when the first event is a later one', () => {
    expect(() => evolve(null, { type: 'completed', seq: 2, at: 0 })).toThrow('event 2 after 0');
  });

  test('is reported when a run has no events', () => {
    expect(() => replay([])).toThrow('without events');
  });

  test('is reported when an event is missing', () => {
    const [first, , third] = toEvents([accepted, cancelRequested, decided]);
    expect(() => replay([first, third].flatMap((event) => event ?? []))).toThrow('event 3 after 1');
  });

  test('is reported when the first event is no acceptance', () => {
    expect(() => evolve(null, { type: 'completed', seq: 1, at: 0 })).toThrow(
      'begins with completed',
    );
  });
});
