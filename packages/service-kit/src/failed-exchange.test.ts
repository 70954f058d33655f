import { expect, it } from 'vitest';
import { toFailedExchange } from './failed-exchange.ts';

const withCode = (code: string) => Object.assign(new Error('internal text'), { code });
const { signal } = new AbortController();

it.each(['ECONNREFUSED', 'EHOSTUNREACH', 'ECONNRESET', 'ETIMEDOUT', 'SOMETHING_NEW'])(
  '%s is unsent before the request began and unknown after, in words of our own',
  (code) => {
    const unsent = toFailedExchange(withCode(code), { signal, hasBegun: false });
    const unknown = toFailedExchange(withCode(code), { signal, hasBegun: true });
    expect([unsent.kind, unknown.kind]).toEqual(['unsent', 'unknown']);
    expect(JSON.stringify([unsent, unknown])).not.toMatch(/internal|[A-Z]/);
  },
);

it.each([
  ['unsent', false],
  ['unknown', true],
])('is %s when the caller gave up while hasBegun was %s', (kind, hasBegun) => {
  const aborted = { signal: AbortSignal.abort(), hasBegun };
  expect(toFailedExchange(withCode('ECONNREFUSED'), aborted)).toEqual({ kind, code: 'aborted' });
});
