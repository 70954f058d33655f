import { inventoryOperations } from '@baton/contracts/inventory-service';
import { describe, expect, it } from 'vitest';
import { type RawResponse, toReply } from './reply.ts';

const nowMs = Date.parse('2026-01-01T00:00:00Z');
const dayMs = 24 * 60 * 60 * 1_000;

const respond = (status: number, headers: RawResponse['headers'] = {}, body: unknown = {}) =>
  toReply(
    inventoryOperations.release,
    { status, headers, text: JSON.stringify(body), receivedAtMs: nowMs },
    'ord_1:reserve',
  );

describe('Retry-After', () => {
  it.each([
    ['0', 0],
    ['120', 120_000],
    ['Thu, 01 Jan 2026 00:00:30 GMT', 30_000],
    ['Wed, 31 Dec 2025 00:00:00 GMT', 0],
    ['9999999999', dayMs],
    ['Fri, 01 Jan 2027 00:00:00 GMT', dayMs],
    ['soon', undefined],
    ['-5 minutes', undefined],
    ['', undefined],
  ])('%j is a wait of %s ms', (value, expected) => {
    const reply = respond(503, { 'retry-after': value });
    expect(reply).toEqual({
      reply: 'unknown',
      code: 'status-503',
      retriable: true,
      ...(expected === undefined ? {} : { retryAfterMs: expected }),
    });
  });
});

it('an undo is ok only when it names our order', () => {
  const type = { 'content-type': 'application/json' };
  expect(respond(200, type, { orderId: 'ord_1' })).toEqual({
    reply: 'ok',
    output: { orderId: 'ord_1' },
  });
  expect(respond(200, type, { orderId: 'ord_2' })).toMatchObject({ code: 'wrong-order' });
  expect(respond(200, type, {})).toMatchObject({ reply: 'unknown', code: 'malformed-reply' });
});

it('an answer is of our run when it repeats our key, and not when it repeats another', () => {
  const ours = { 'content-type': 'application/json', 'idempotency-key': 'ord_1:reserve' };
  const others = { ...ours, 'idempotency-key': 'ord_2:reserve' };
  const body = { orderId: 'ord_1' };
  expect(respond(200, ours, body)).toMatchObject({ reply: 'ok' });
  expect(respond(200, others, body)).toMatchObject({ code: 'wrong-order' });
  expect(respond(200, ours, { orderId: 'ord_2' })).toMatchObject({ code: 'wrong-order' });
  const refusal = { type: 'about:blank', title: 'No', status: 409, code: 'fenced' };
  const problem = { ...ours, 'content-type': 'application/problem+json' };
  expect(respond(409, problem, refusal)).toMatchObject({ reply: 'refused', code: 'fenced' });
  expect(respond(409, { ...problem, 'idempotency-key': 'x' }, refusal)).toMatchObject({
    code: 'wrong-order',
  });
});

it.each([100, 204, 301, 418, 599, 999])(
  'no status without our body is ever ok or refused: %i',
  (status) => {
    expect(respond(status).reply).toBe('unknown');
  },
);
