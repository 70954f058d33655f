import { createContextKey, trace } from '@opentelemetry/api';
import { expect, it } from 'vitest';
import { emptyContext } from './light-context.ts';

it('says what was added last, and leaves the context below as it was', () => {
  const [one, other] = [createContextKey('one'), createContextKey('other')];
  const below = emptyContext.setValue(one, 1);
  const above = below.setValue(other, 2).setValue(one, 3);
  expect([above.getValue(one), above.getValue(other)]).toEqual([3, 2]);
  expect(above.deleteValue(one).getValue(one)).toBeUndefined();
  expect([below.getValue(one), below.getValue(other)]).toEqual([1, undefined]);
  expect(emptyContext.getValue(one)).toBeUndefined();
});

it('holds a span as any other context does', () => {
  const span = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), traceFlags: 1 };
  const within = trace.setSpanContext(emptyContext, span);
  expect(trace.getSpanContext(within)).toEqual(span);
  expect(trace.getSpanContext(trace.deleteSpan(within))).toBeUndefined();
});
