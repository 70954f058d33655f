import { describe, expect, test } from 'vitest';
import { ok, readReply, refused, toRemarks } from './reply.ts';

function ignore(): void {}
const notAReply = { reply: 'unknown', code: 'not-a-reply', retriable: false };

describe('what came back', () => {
  test.each([
    ['an ok', ok({ paymentId: 7 })],
    ['a refusal', refused('declined')],
    ['an unsent', { reply: 'unsent', code: 'breaker-open' }],
    ['an unsent with a wish', { reply: 'unsent', code: 'breaker-open', retryAfterMs: 5 }],
    ['an unknown', { reply: 'unknown', code: 'reset' }],
    ['an unknown with a wish', { reply: 'unknown', code: 'busy', retryAfterMs: 0 }],
    ['an unknown for good', { reply: 'unknown', code: 'bad-request', retriable: false }],
  ])('is believed when it is %s', (_, reply) => {
    expect(readReply(reply, ignore)).toStrictEqual(reply);
  });

  test.each([
    ['nothing', undefined],
    ['null', null],
    ['a text', 'ok'],
    ['a reply of no kind', { code: 'reset' }],
    ['a reply of another kind', { reply: 'maybe', code: 'reset' }],
    ['a refusal without a code', { reply: 'refused' }],
    ['an unknown whose code is no text', { reply: 'unknown', code: 7 }],
  ])('says nothing of the effect when it is %s', (_, value) => {
    expect(readReply(value, ignore)).toStrictEqual(notAReply);
  });

  test('has the output that the journal will hold', () => {
    expect(readReply(ok({ at: 0, gone: undefined }), ignore)).toStrictEqual(ok({ at: 0 }));
  });

  test('says nothing of the effect when its output cannot be stored, and why is heard', () => {
    const heard: unknown[] = [];
    const reply = readReply(ok({ at: new Date(0) }), (error) => heard.push(error));
    expect(reply).toStrictEqual({ reply: 'unknown', code: 'unstorable-output', retriable: false });
    expect(heard.map(String)).toEqual([
      'TypeError: output.at is a Date, which does not survive JSON',
    ]);
  });

  test('is none when its code is longer than a word', () => {
    expect(readReply(refused('x'.repeat(256)), ignore)).toMatchObject({ reply: 'refused' });
    expect(readReply(refused('x'.repeat(257)), ignore)).toStrictEqual(notAReply);
  });

  test.each([-1, Number.NaN, Number.POSITIVE_INFINITY, '5', null])(
    'has no wish to wait for %s',
    (retryAfterMs) => {
      const reply = { reply: 'unsent', code: 'busy' };
      expect(readReply({ ...reply, retryAfterMs }, ignore)).toStrictEqual(reply);
    },
  );

  test('may be asked for again unless it says otherwise', () => {
    const reply = { reply: 'unknown', code: 'busy' };
    expect(readReply({ ...reply, retriable: true }, ignore)).toStrictEqual(reply);
    expect(readReply({ ...reply, retriable: 0 }, ignore)).toStrictEqual(reply);
  });

  test('keeps its remarks', () => {
    const remarks = { note: 'slowed down', details: { url: 'http://a', status: 503 } };
    expect(readReply({ ...ok(null), ...remarks }, ignore)).toStrictEqual({
      ...ok(null),
      ...remarks,
    });
  });
});

describe('remarks', () => {
  test('are left out where they are none', () => {
    expect(toRemarks({})).toStrictEqual({});
    expect(toRemarks({ note: 7, details: null })).toStrictEqual({});
    expect(toRemarks({ note: 'x'.repeat(257) })).toStrictEqual({ note: 'x'.repeat(256) });
    expect(toRemarks({ details: 'text' })).toStrictEqual({});
    expect(toRemarks({ details: {} })).toStrictEqual({});
  });

  test('are short texts and numbers, a few of them', () => {
    const details = { fits: 'x'.repeat(256), long: 'x'.repeat(257), none: Number.NaN, is: true };
    expect(toRemarks({ details })).toStrictEqual({ details: { fits: details.fits } });
    const many = Object.fromEntries(Array.from({ length: 9 }, (_, index) => [`d${index}`, index]));
    expect(Object.keys(toRemarks({ details: many }).details ?? {})).toHaveLength(8);
  });
});
