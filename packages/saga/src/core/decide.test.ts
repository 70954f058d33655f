import { describe, expect, test } from 'vitest';
import { anyInput } from '../fixtures/any-input.ts';
import {
  alternateChosen,
  cancelRequested,
  decided,
  deferred,
  finalUnknown,
  given,
  interrupted,
  refusedBy,
  say,
  spent,
  succeeded,
  undoFailed,
  undone,
  unknown,
  unsent,
  writtenOff,
} from '../fixtures/history.ts';
import { trip } from '../fixtures/trip.ts';
import { toInterruption } from '../run/recovery.ts';
import { decide, findOpenLater, findOwed, isPastPivot, readOutputs, type Seen } from './decide.ts';
import type { Happening } from './event.ts';
import { ok, type Reply } from './reply.ts';
import { saga } from './saga.ts';

const then = (happenings: readonly Happening[], now = 100): string =>
  say(decide(trip, given(...happenings), now));

const healed = (at: number): Seen => ({ healedAt: () => at, bornAt: 0 });

const booked = [succeeded('quote'), succeeded('flight'), succeeded('hotel')];
const paid = [...booked, succeeded('pay')];

describe('going forward', () => {
  test('begins with the first step', () => {
    expect(then([])).toBe('forward quote');
  });

  test('does the steps in order', () => {
    expect(then([succeeded('quote')])).toBe('forward flight');
    expect(then(booked)).toBe('forward pay');
    expect(then(paid)).toBe('forward mail');
  });

  test('completes when every step is done', () => {
    expect(then([...paid, succeeded('mail')])).toBe('completed');
  });

  test('waits until the next attempt is due, then asks again', () => {
    expect(then([unknown('quote', { retryAt: 150 })])).toBe('wait until 150 for forward quote');
    expect(then([unknown('quote', { retryAt: 150 })], 150)).toBe('forward quote');
  });

  test('waits no longer than the time budget', () => {
    const late = unsent('quote', { startedAt: 0, retryAt: 10_500 });
    expect(then([late], 9_900)).toBe('wait until 10000 for forward quote');
    expect(then([late], 10_000)).toBe('compensate for quote: breaker-open');
  });

  test('has the whole of that budget from its first attempt on, however late that comes', () => {
    expect(then([], 99_999)).toBe('forward quote');
    const late = unsent('quote', { startedAt: 5, retryAt: 10_500 });
    expect(then([late], 9_900)).toBe('wait until 10005 for forward quote');
  });

  test('counts of that budget only what the process lived through, whatever the clock was before', () => {
    const at = (now: number, bornAt: number, startedAt = 5): string =>
      say(decide(trip, given(unsent('quote', { startedAt })), now, { ...healed(0), bornAt }));
    expect(at(59_999, 50_000)).toBe('forward quote');
    expect(at(60_000, 50_000)).toBe('compensate for quote: breaker-open');
    expect(at(10_005, 4)).toBe('compensate for quote: breaker-open');
    expect(at(20_000, 0, 20_001)).toBe('forward quote');
  });

  test('waits for its own time, though the breaker has closed since', () => {
    const state = given(unknown('quote', { retryAt: 300 }));
    expect(say(decide(trip, state, 100, healed(50)))).toBe('wait until 300 for forward quote');
  });

  test('gives up when the attempts are used up', () => {
    expect(then(spent('quote', 1))).toBe('forward quote');
    expect(then(spent('quote'))).toBe('compensate for quote: timed-out');
  });

  test('does not count what was never sent as an attempt', () => {
    expect(then([unsent('quote'), unsent('quote'), unsent('quote')])).toBe('forward quote');
  });

  test('does not count what a crash interrupted as an attempt', () => {
    expect(then([interrupted('quote'), interrupted('quote'), interrupted('quote')])).toBe(
      'forward quote',
    );
  });

  test('gives up at once when the same request will fare no better', () => {
    expect(then([finalUnknown('quote')])).toBe('compensate for quote: bad-request');
  });

  test('compensates on a refusal', () => {
    expect(then([succeeded('quote'), refusedBy('flight')])).toBe('compensate for flight: sold-out');
  });

  test('asks again at once when the clock was set back beyond the longest delay', () => {
    expect(then([unknown('quote', { retryAt: 1_101 })], 100)).toBe('forward quote');
    expect(then([unknown('quote', { retryAt: 1_100 })], 100)).toBe(
      'wait until 1100 for forward quote',
    );
    // Its own longest delay, and not that of its undo.
    const flown = [succeeded('quote'), succeeded('flight')];
    expect(then([...flown, unknown('hotel', { retryAt: 1_101 })], 100)).toBe('forward hotel');
  });

  test('completes a saga without steps', () => {
    const empty = saga('empty', { version: 1, input: anyInput() }).end();
    expect(say(decide(empty, given(), 0))).toBe('completed');
  });
});

describe('an alternate', () => {
  test('is chosen when the first way is spent', () => {
    expect(then([...booked, ...spent('pay')])).toBe('choose-alternate pay: timed-out');
  });

  test('is not chosen on a refusal, which is final', () => {
    expect(then([...booked, refusedBy('pay')])).toBe('compensate for pay: sold-out');
  });

  test('waits for the undo of a first way whose effect may exist', () => {
    expect(then([...booked, ...spent('pay'), alternateChosen('pay')])).toBe('undo pay');
  });

  test('waits while that undo waits', () => {
    const waiting = undoFailed('pay', 'undo-unknown', { retryAt: 300 });
    expect(then([...booked, ...spent('pay'), alternateChosen('pay'), waiting])).toBe(
      'wait until 300 for undo pay',
    );
  });

  test('is called once that undo was acknowledged', () => {
    expect(then([...booked, ...spent('pay'), alternateChosen('pay'), undone('pay')])).toBe(
      'forward pay:alt',
    );
  });

  test('is called at once when the first way was never sent', () => {
    const never = unsent('pay', { startedAt: -10_000 });
    expect(then([...booked, never])).toBe('choose-alternate pay: breaker-open');
    expect(then([...booked, never, alternateChosen('pay')])).toBe('forward pay:alt');
  });

  test('waits for the undo of a first way that was unsent after an unknown', () => {
    const history = [...spent('pay'), unsent('pay'), alternateChosen('pay')];
    expect(then([...booked, ...history])).toBe('undo pay');
  });

  test('is given up when the undo of the first way is', () => {
    const owed = undoFailed('pay', 'undo-unknown', { exhausted: true, retryAt: 300 });
    expect(then([...booked, ...spent('pay'), alternateChosen('pay'), owed])).toBe(
      'compensate for pay: timed-out',
    );
  });

  test('is given up when that undo takes longer than the alternate may', () => {
    const waiting = undoFailed('pay', 'undo-unknown', { retryAt: 20_000 });
    const history = [...booked, ...spent('pay'), alternateChosen('pay'), waiting];
    expect(then(history, 10_005)).toBe('wait until 10006 for undo pay');
    expect(then(history, 10_006)).toBe('compensate for pay: timed-out');
  });

  test('need not wait where doing it twice harms nobody', () => {
    expect(then([...paid, ...spent('mail'), alternateChosen('mail')])).toBe('forward mail:alt');
  });

  test('that is spent as well ends in compensation', () => {
    const history = [...spent('pay'), alternateChosen('pay'), undone('pay'), ...spent('pay:alt')];
    expect(then([...booked, ...history])).toBe('compensate for pay: timed-out');
  });

  test('that refuses ends in compensation', () => {
    const history = [alternateChosen('pay'), refusedBy('pay:alt', 'declined')];
    expect(then([...booked, ...history])).toBe('compensate for pay: declined');
  });

  test('that succeeds is the output of its step, and passes the pivot', () => {
    const state = given(
      ...booked,
      ...spent('pay'),
      alternateChosen('pay'),
      undone('pay'),
      succeeded('pay:alt', 5),
    );
    expect(isPastPivot(trip, state)).toBe(true);
    expect(readOutputs(trip, state)).toEqual({ quote: null, flight: null, hotel: null, pay: 5 });
    expect(say(decide(trip, state, 100))).toBe('forward mail');
  });
});

describe('a deferred step', () => {
  test('is deferred when both its ways are spent, and the run completes', () => {
    const history = [...paid, ...spent('mail'), alternateChosen('mail'), ...spent('mail:alt')];
    expect(then(history)).toBe('defer mail: timed-out');
    expect(then([...history, deferred('mail')])).toBe('completed');
  });

  test('that is refused holds nothing up', () => {
    expect(then([...paid, refusedBy('mail')])).toBe('completed');
  });

  const putOff = [...paid, ...spent('mail'), deferred('mail'), { type: 'completed' } as const];

  test('is repaired after completion by its first way, however long ago it was given up', () => {
    expect(then(putOff, 99_999)).toBe('forward mail');
  });

  test('waits for its next repair', () => {
    const waiting = unknown('mail', { retryAt: 99_999 });
    expect(then([...putOff, waiting], 99_000)).toBe('wait until 99999 for forward mail');
  });

  test('waits for it longer than its policy says after many misses, but not under another clock', () => {
    const misses = Array.from({ length: 20 }, () => unknown('mail', { retryAt: 900_000 }));
    const repairs = [...paid, deferred('mail'), { type: 'completed' }, ...misses] as const;
    expect(then(repairs, 0)).toBe('wait until 900000 for forward mail');
    expect(then(repairs, -1)).toBe('forward mail');
  });

  test('is repaired at once when the breaker has closed since its last attempt', () => {
    const missed = unknown('mail', { retryAt: 900 });
    const state = given(...paid, deferred('mail'), { type: 'completed' }, missed);
    const { triedAt = 0 } = state.ways.mail ?? {};
    const afterHealing = (at: number): string => say(decide(trip, state, 100, healed(at)));
    expect(afterHealing(triedAt)).toBe('wait until 900 for forward mail');
    expect(afterHealing(triedAt + 1)).toBe('forward mail');
  });

  test('is not done after completion unless it was deferred', () => {
    expect(then([...paid, { type: 'completed' }])).toBe('rest');
  });

  test('that was written off holds nothing up, and is not repaired', () => {
    expect(then([...paid, unknown('mail'), writtenOff('mail', 'forward')])).toBe('completed');
    expect(then([...putOff, writtenOff('mail', 'forward')])).toBe('rest');
  });

  test('is open from the pivot on, until it is done', () => {
    const open = (...history: readonly Happening[]): string[] =>
      findOpenLater(trip, given(...history)).map(({ name }) => name);
    expect(open(...booked)).toEqual([]);
    expect(open(succeeded('pay'))).toEqual(['mail']);
    expect(open(...paid, succeeded('mail'))).toEqual([]);
  });

  test('rests once repaired or refused', () => {
    expect(then([...putOff, succeeded('mail')])).toBe('rest');
    expect(then([...putOff, refusedBy('mail')])).toBe('rest');
  });

  test('that was repaired has its output, though its alternate was tried in between', () => {
    const history = [...paid, ...spent('mail'), alternateChosen('mail'), ...spent('mail:alt')];
    const state = given(
      ...history,
      deferred('mail'),
      { type: 'completed' },
      succeeded('mail', 'sent'),
    );
    expect(readOutputs(trip, state)).toMatchObject({ mail: 'sent' });
  });
});

describe('going back', () => {
  test('undoes in reverse order, and what needs no undo not at all', () => {
    expect(then([...booked, decided])).toBe('undo hotel');
    expect(then([...booked, decided, undone('hotel')])).toBe('undo flight');
    expect(then([...booked, decided, undone('hotel'), undone('flight')])).toBe('compensated');
  });

  test('undoes a step whose effect may exist', () => {
    expect(then([...booked, ...spent('pay'), decided])).toBe('undo pay');
  });

  test('undoes nothing that was refused, also after an unknown, or never sent', () => {
    for (const end of [refusedBy('flight'), unsent('flight')])
      expect(then([succeeded('quote'), end, decided])).toBe('compensated');
    const clear = [succeeded('quote'), unknown('flight'), refusedBy('flight'), decided];
    expect(then(clear)).toBe('compensated');
  });

  test('leaves alone what an earlier run under its id had done, once a key says that there was one', () => {
    const replayed = { ...succeeded('flight'), details: { replayed: 'true' } } as const;
    const again = { ...succeeded('hotel'), attempt: 2, details: { replayed: 'true' } } as const;
    const own = { ...succeeded('hotel'), details: { status: 200 } } as const;
    const owed = (code: string, hotel: Happening): string[] => {
      const end = { type: 'compensation-decided', step: 'pay', code } as const;
      const state = given(succeeded('quote'), replayed, hotel, refusedBy('pay', code), end);
      return findOwed(trip, state).map(({ name }) => name);
    };
    expect(owed('declined', again)).toEqual(['hotel', 'flight']);
    for (const hotel of [again, own, unknown('hotel')])
      expect(owed('key-reused', hotel)).toEqual(['hotel']);
  });

  test('undoes both ways of a step, the alternate first', () => {
    const both = given(
      ...booked,
      ...spent('pay'),
      alternateChosen('pay'),
      ...spent('pay:alt'),
      decided,
    );
    expect(findOwed(trip, both).map(({ name }) => name)).toEqual([
      'pay:alt',
      'pay',
      'hotel',
      'flight',
    ]);
  });

  test('does not undo again what was undone for the sake of the alternate', () => {
    const history = [...spent('pay'), alternateChosen('pay'), undone('pay'), refusedBy('pay:alt')];
    expect(then([...booked, ...history, decided])).toBe('undo hotel');
  });

  test('goes on with other participants while one undo waits', () => {
    const waiting = undoFailed('pay', 'undo-unknown', { retryAt: 300 });
    expect(then([...booked, ...spent('pay'), decided, waiting])).toBe('undo hotel');
  });

  test('keeps the order of one participant while its undo waits', () => {
    const waiting = undoFailed('hotel', 'undo-unknown', { retryAt: 300 });
    expect(then([...booked, decided, waiting])).toBe('wait until 300 for undo hotel');
  });

  test('waits for the earliest of several', () => {
    const pay = undoFailed('pay', 'undo-unknown', { retryAt: 400 });
    const hotel = undoFailed('hotel', 'undo-unknown', { retryAt: 300 });
    expect(then([...booked, ...spent('pay'), decided, pay, hotel])).toBe(
      'wait until 300 for undo hotel',
    );
  });

  test('goes on with an undo that is exhausted, and ends when it is acknowledged', () => {
    const owed = undoFailed('hotel', 'undo-refused', { retryAt: 300, exhausted: true });
    expect(then([...booked, decided, owed], 299)).toBe('wait until 300 for undo hotel');
    expect(then([...booked, decided, owed], 300)).toBe('undo hotel');
    expect(then([...booked, decided, owed, undone('hotel'), undone('flight')])).toBe('compensated');
  });

  test('tries an undo again at once when the clock was set back beyond its longest delay', () => {
    const owed = undoFailed('hotel', 'undo-unknown', { retryAt: 30_101 });
    expect(then([...booked, decided, owed], 100)).toBe('undo hotel');
    const many = { retryAt: 900_000, exhausted: true };
    const misses = Array.from({ length: 20 }, () => undoFailed('hotel', 'undo-refused', many));
    expect(then([...booked, decided, ...misses], 0)).toBe('wait until 900000 for undo hotel');
    expect(then([...booked, decided, ...misses], -1)).toBe('undo hotel');
  });

  test('waits longer for an undo that is exhausted than for one that is not', () => {
    const misses = Array.from({ length: 3 }, () =>
      undoFailed('flight', 'undo-refused', { retryAt: 2_100, exhausted: true }),
    );
    const history = [succeeded('quote'), succeeded('flight'), decided, ...misses];
    expect(then(history, 100)).toBe('wait until 2100 for undo flight');
    expect(then(history, 99)).toBe('undo flight');
  });

  test('leaves what was written off as it is', () => {
    const owed = undoFailed('hotel', 'undo-refused', { exhausted: true });
    const history = [...booked, decided, owed, writtenOff('hotel', 'undo')];
    expect(then(history)).toBe('undo flight');
    expect(then([...history, undone('flight')])).toBe('compensated');
  });

  test('never goes forward again, even after a late ok', () => {
    expect(then([succeeded('quote'), unknown('flight'), decided, succeeded('flight')])).toBe(
      'undo flight',
    );
  });

  test('rests at its end', () => {
    expect(then([decided, { type: 'compensated' }])).toBe('rest');
  });
});

describe('a run that was set aside', () => {
  const aside: Happening = { type: 'quarantined', code: 'poison', until: 1_000 };

  test.each([
    ['on its way', [...booked]],
    ['on its way back', [...booked, decided]],
    ['under repair', [...paid, deferred('mail'), { type: 'completed' } as const]],
  ])('rests until its time, %s', (_, history) => {
    expect(then(history)).not.toBe('rest');
    expect(then([...history, aside], 999)).toBe('rest');
    expect(then([...history, aside], 1_000)).not.toBe('rest');
    expect(then([...history, aside], 1_000 - 900_000)).toBe('rest');
    expect(then([...history, aside], 999 - 900_000)).not.toBe('rest');
    const older = { type: 'quarantined', code: 'of an older engine' } as const;
    for (const last of [older, { type: 'retry-requested', reason: 'mended' } as const])
      expect(then([...history, aside, last])).not.toBe('rest');
  });
});

describe('whoever waits', () => {
  const hotel = undoFailed('hotel', 'undo-unknown', { retryAt: 300 });

  test('is due when the breaker closes, unless it is a step before the end', () => {
    expect(decide(trip, given(unknown('quote', { retryAt: 300 })), 100)).toMatchObject({
      type: 'wait',
      until: 300,
      patient: [],
    });
    expect(decide(trip, given(...booked, decided, hotel), 100)).toMatchObject({
      type: 'wait',
      until: 300,
      patient: ['agency'],
    });
  });

  test('is waited for beside what is due', () => {
    const next = decide(trip, given(...booked, ...spent('pay'), decided, hotel), 100);
    expect(next).toMatchObject({
      type: 'perform',
      aims: [{ way: { name: 'pay' } }],
      until: 300,
      patient: ['agency'],
    });
  });
});

describe('a cancellation', () => {
  test('compensates before anything was done', () => {
    expect(then([cancelRequested])).toBe('compensate for null: cancelled');
  });

  test.each([
    ['between two steps', [succeeded('quote')]],
    ['while an attempt waits for its repetition', [unknown('quote', { retryAt: 150 })]],
    ['after a refusal', [refusedBy('quote')]],
    ['when the pivot is unknown', [...booked, unknown('pay')]],
    ['when an alternate was chosen', [...booked, ...spent('pay'), alternateChosen('pay')]],
  ])('compensates %s', (_, history) => {
    expect(then([...history, cancelRequested])).toBe('compensate for null: cancelled');
  });

  test('changes nothing past the pivot', () => {
    expect(then([...booked, cancelRequested, succeeded('pay')])).toBe('forward mail');
    expect(then([...paid, cancelRequested, succeeded('mail')])).toBe('completed');
  });

  test('changes nothing once compensation was decided', () => {
    expect(then([...booked, decided, cancelRequested])).toBe('undo hotel');
  });

  test('compensates up to the end of a saga that has no pivot', () => {
    const done = async (): Promise<Reply<null>> => ok(null);
    const plain = saga('plain', { version: 1, input: anyInput() })
      .step('only', { perform: done, undo: done })
      .end();
    const state = given(succeeded('only'), cancelRequested);
    expect(say(decide(plain, state, 0))).toBe('compensate for null: cancelled');
    expect(say(decide(plain, given(succeeded('only')), 0))).toBe('completed');
  });
});

describe('the way that a crash may have interrupted', () => {
  const found = (...history: readonly Happening[]): string | undefined => {
    const said = toInterruption(trip, given(...history), 100);
    return said?.type === 'step-unknown' ? said.way : undefined;
  };

  test('is the current one while it has no result', () => {
    expect(found()).toBe('quote');
    expect(found(succeeded('quote'), unknown('flight'))).toBe('flight');
    expect(found(...paid)).toBe('mail');
  });

  test('is the alternate once that may have been called', () => {
    expect(found(...booked, ...spent('pay'), alternateChosen('pay'), undone('pay'))).toBe(
      'pay:alt',
    );
  });

  test('is none where nothing went forward', () => {
    expect(found(refusedBy('quote'))).toBeUndefined();
    expect(found(...booked, ...spent('pay'), alternateChosen('pay'))).toBeUndefined();
    expect(found(...paid, succeeded('mail'))).toBeUndefined();
    expect(found(...booked, decided)).toBeUndefined();
    expect(found({ type: 'completed' })).toBeUndefined();
  });

  test('is none where an undo before the alternate is parked: nothing was interrupted', () => {
    const parked: Happening = { type: 'undo-parked', way: 'pay', code: 'breaker-open' };
    const first = [...booked, ...spent('pay'), alternateChosen('pay')];
    expect(toInterruption(trip, given(...first, parked), 100)).toBeUndefined();
    expect(toInterruption(trip, given(...first), 100)).toMatchObject({ type: 'recovered' });
  });
});
