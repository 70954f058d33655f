import { expect, it } from 'vitest';
import { toFailedExchange } from './transport.ts';

const withCode = (code: string) => Object.assign(new Error('internal text'), { code });
const open = () => new AbortController().signal;

it('is unsent when the name is not known', () => {
  expect(toFailedExchange(withCode('ENOTFOUND'), open())).toEqual({
    kind: 'unsent',
    code: 'host-not-found',
  });
});

it('is unknown when one address refused and another timed out', () => {
  const mixed = new AggregateError([withCode('ECONNREFUSED'), withCode('ETIMEDOUT')]);
  const error = Object.assign(mixed, { code: 'ECONNREFUSED' });
  expect(toFailedExchange(error, open()).kind).toBe('unknown');
});

it.each(['EAI_AGAIN', 'UND_ERR_CONNECT_TIMEOUT', 'ECONNRESET', 'EHOSTUNREACH', 'SOMETHING_NEW'])(
  '%s is unknown, in words of our own',
  (code) => {
    const exchange = toFailedExchange(withCode(code), open());
    expect(exchange.kind).toBe('unknown');
    expect(JSON.stringify(exchange)).not.toContain('internal');
  },
);

it('is never unsent once the deadline has passed', () => {
  const exchange = toFailedExchange(withCode('ECONNREFUSED'), AbortSignal.abort());
  expect(exchange).toEqual({ kind: 'unknown', code: 'aborted' });
});
