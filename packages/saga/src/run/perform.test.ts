import { describe, expect, test } from 'vitest';
import { ok, type Reply } from '../core/reply.ts';
import { createVirtualClock } from '../testing/virtual-clock.ts';
import { performAttempt } from './perform.ts';

/** What plain JavaScript may return, whatever the types say. */
const answer = (value: unknown): Promise<Reply<unknown>> =>
  performAttempt(async () => value as Reply<unknown>, 1_000, createVirtualClock(0));

describe('one attempt', () => {
  test('passes a reply on', async () => {
    expect(await answer(ok({ id: 1 }))).toEqual(ok({ id: 1 }));
    expect(await answer({ reply: 'refused', code: 'declined' })).toEqual({
      reply: 'refused',
      code: 'declined',
    });
    const busy = { reply: 'unknown', code: 'busy', retryAfterMs: 5, retriable: false };
    expect(await answer(busy)).toEqual(busy);
    expect(await answer({ ...busy, reply: 'unsent' })).toMatchObject({ reply: 'unsent' });
  });

  test('keeps a few short details, and leaves out what is none', async () => {
    const details = { path: '/pay', status: 200, long: 'x'.repeat(257), odd: Number.NaN, no: {} };
    expect(await answer({ ...ok(1), details })).toEqual({
      ...ok(1),
      details: { path: '/pay', status: 200 },
    });
    const many = Object.fromEntries(Array.from({ length: 99 }, (_, i) => [`d${i}`, i]));
    const kept = await answer({ ...ok(1), details: many });
    expect(Object.keys(kept.details ?? {})).toHaveLength(8);
    expect(await answer({ ...ok(1), details: 'none' })).toEqual(ok(1));
  });

  test('is unknown when the call throws, at once or later', async () => {
    const threw = { reply: 'unknown', code: 'threw' };
    const clock = createVirtualClock(0);
    const fail = (): never => {
      throw new Error('secret');
    };
    expect(await performAttempt(fail, 1_000, clock)).toEqual(threw);
    expect(await performAttempt(async () => fail(), 1_000, clock)).toEqual(threw);
  });

  test('is unknown at its deadline, and the late answer is not believed', async () => {
    const clock = createVirtualClock(0);
    const signals: AbortSignal[] = [];
    const { promise, resolve } = Promise.withResolvers<Reply<unknown>>();
    const replies: Reply<unknown>[] = [];
    void performAttempt(
      (signal) => {
        signals.push(signal);
        return promise;
      },
      1_000,
      clock,
    ).then((reply) => replies.push(reply));
    await clock.run(() => replies.length === 1);
    resolve(ok(1));
    await clock.run(() => true);
    expect(replies).toEqual([{ reply: 'unknown', code: 'timed-out' }]);
    expect(signals[0]?.aborted).toBe(true);
    expect(clock.now()).toBeGreaterThanOrEqual(1_000);
    expect(clock.now()).toBeLessThan(1_100);
  });

  const abortedInto = async (reply: Reply<unknown>) => {
    const clock = createVirtualClock(0);
    const replies: Reply<unknown>[] = [];
    const { promise, resolve } = Promise.withResolvers<Reply<unknown>>();
    const call = (signal: AbortSignal): Promise<Reply<unknown>> => {
      signal.addEventListener('abort', () => resolve(reply));
      return promise;
    };
    void performAttempt(call, 1_000, clock).then((came) => replies.push(came));
    await clock.run(() => replies.length === 1);
    return replies;
  };

  test('keeps the note of a call that answers its abort at once, and nothing else', async () => {
    expect(await abortedInto({ ...ok(1), note: 'injected' })).toEqual([
      { reply: 'unknown', code: 'timed-out', note: 'injected' },
    ]);
  });

  test('is unsent at its deadline when the call says at once that nothing was sent', async () => {
    const unsent = { reply: 'unsent', code: 'timed-out' } as const;
    expect(await abortedInto(unsent)).toEqual([unsent]);
  });

  test('leaves no timer behind when it ended in time', async () => {
    const clock = createVirtualClock(0);
    await performAttempt(async () => ok(1), 1_000, clock);
    await expect(clock.run(() => false)).rejects.toThrow('nothing is left');
  });

  test.each([
    ['nothing', undefined],
    ['null', null],
    ['a word', 'ok'],
    ['another kind of reply', { reply: 'maybe' }],
    ['a refusal without a code', { reply: 'refused' }],
    ['an unknown with a number for a code', { reply: 'unknown', code: 500 }],
  ])('says nothing about the effect when it returns %s', async (_, value) => {
    expect(await answer(value)).toEqual({
      reply: 'unknown',
      code: 'not-a-reply',
      retriable: false,
    });
  });

  test('takes a value that cannot be read for a throw', async () => {
    const value = Object.defineProperty({}, 'reply', {
      get: () => {
        throw new Error('no');
      },
    });
    expect(await answer(value)).toEqual({ reply: 'unknown', code: 'threw' });
  });

  test.each([Number.NaN, Number.POSITIVE_INFINITY, -1, '5'])(
    'ignores the wish to be asked again after %s ms',
    async (retryAfterMs) => {
      const reply = await answer({ reply: 'unsent', code: 'busy', retryAfterMs });
      expect(reply).toEqual({ reply: 'unsent', code: 'busy' });
    },
  );

  test('hands on an output as the journal will hold it', async () => {
    expect(await answer(ok({ at: 0, gone: undefined }))).toStrictEqual(ok({ at: 0 }));
    expect(await answer({ reply: 'ok' })).toEqual({ reply: 'ok', output: undefined });
  });
});
