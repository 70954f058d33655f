import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { faultHeader } from '@baton/contracts';
import { paymentOperations } from '@baton/contracts/payment-service';
import type { InterceptedCall } from '@baton/service-kit';
import { createLog, startRequestSpan } from '@baton/telemetry';
import { createSpanRecorder } from '@baton/telemetry/testing';
import { expect, it, onTestFinished, vi } from 'vitest';
import { sealBaggage } from './baggage.ts';
import { createSaboteur } from './saboteur.ts';

const answer = { status: 200, headers: {}, body: { orderId: 'ord_1' } };

async function open(operatorToken?: string) {
  const folder = mkdtempSync(join(tmpdir(), 'baton-faults-'));
  const lines: string[] = [];
  const counted: string[] = [];
  const countable: string[] = [];
  const saboteur = await createSaboteur({
    file: join(folder, 'faults.json'),
    name: 'payment-service',
    operatorToken,
    crash: () => {},
    log: createLog('test', 'warn', { write: (line) => void lines.push(line) }),
    metrics: {
      countFault: (operation, kind, times = 1) =>
        (times === 0 ? countable : counted).push(`${operation} ${kind}`),
    },
  });
  onTestFinished(async () => {
    await saboteur.close();
    rmSync(folder, { recursive: true });
  });
  return { ...saboteur, lines, counted, countable };
}

const toCall = (fault: string, proceed: InterceptedCall['proceed']): InterceptedCall => ({
  operation: paymentOperations.process,
  orderId: 'ord_1',
  attempt: 1,
  headers: { baggage: `baton.fault=payment.process:${fault}` },
  signal: new AbortController().signal,
  proceed,
});

it('counts every fault of its own as 0 at first, but not the one that ends the count', async () => {
  const { countable } = await open();
  expect(countable).toContain('payment.process latency');
  expect(countable).toContain('payment.refund decline');
  expect(countable.filter((name) => !/^payment\.(process|refund) /.test(name))).toEqual([]);
  expect(countable.filter((name) => name.includes('crash'))).toEqual([]);
});

it('does nothing that an order asks for without the word of an operator, where there is a token', async () => {
  const token = 'sixteen-characters';
  const { intercept, lines, counted } = await open(token);
  const proceed = vi.fn(async () => answer);
  const call = toCall('duplicate', proceed);
  await intercept(call);
  await intercept({ ...call, headers: { ...call.headers, authorization: 'Bearer guessed' } });
  expect(proceed).toHaveBeenCalledTimes(2);
  expect(counted).toEqual([]);
  expect(lines.join('')).toContain('baggage names faults that no operator asked for');
  const baggage = sealBaggage(String(call.headers.baggage), 'ord_1', token);
  await intercept({ ...call, headers: { baggage } });
  await intercept({ ...call, headers: { ...call.headers, authorization: `Bearer ${token}` } });
  expect(proceed).toHaveBeenCalledTimes(6);
});

it('handles a duplicate twice, one after the other', async () => {
  const { intercept, counted } = await open();
  const proceed = vi.fn(async () => answer);
  await intercept(toCall('duplicate', proceed));
  expect(proceed).toHaveBeenCalledTimes(2);
  expect(counted).toEqual(['payment.process duplicate']);
});

it('does not claim a refusal that the fence did not ask for', async () => {
  const { intercept, lines, counted } = await open();
  const delivery = await intercept(toCall('decline', async () => answer));
  expect(delivery?.answer.headers[faultHeader]).toBeUndefined();
  expect(lines).toEqual([]);
  expect(counted).toEqual([]);
});

it.each(['hang', 'latency:ms=60000', 'late:ms=60000'])(
  '%s: what waits when the service closes is cut and never done',
  async (fault) => {
    const { intercept, close, lines } = await open();
    const proceed = vi.fn(async () => answer);
    const delivery = intercept(toCall(fault, proceed));
    await vi.waitFor(() => expect(lines).toHaveLength(1));
    await close();
    expect(await delivery).toBeNull();
    expect(proceed).not.toHaveBeenCalled();
    expect(lines).toHaveLength(1);
  },
);

it('logs a late request that fails', async () => {
  const { intercept, lines } = await open();
  await intercept(toCall('late:ms=1', () => Promise.reject(new Error('broken'))));
  await vi.waitFor(() => expect(lines.join('')).toContain('a late request failed'));
});

const traceparent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;

function startSpan() {
  const { tracing, told } = createSpanRecorder('payment-service');
  const request = { name: 'POST /process', headers: { traceparent }, attributes: {} };
  return { span: startRequestSpan(tracing, request), told };
}

/** What the span of the request says of the fault that met it. */
async function traceFault(fault: string, proceed: InterceptedCall['proceed']) {
  const { intercept } = await open();
  const { span, told } = startSpan();
  await span?.run(() => intercept(toCall(fault, proceed)));
  span?.end(200);
  return told()[0]?.attributes['baton.fault'];
}

it.each([
  'status:status=500',
  'reset',
  'lost-reply',
  'duplicate',
  'malformed',
  'crash:when=before',
])('marks the span of a request that met %s', async (fault) => {
  const [kind] = fault.split(':');
  expect(await traceFault(fault, async () => answer)).toBe(`payment.process:${kind}`);
});

it('marks the span before the fault happens, since a crash leaves no time afterwards', async () => {
  const { span, told } = startSpan();
  const { intercept } = await open();
  await span?.run(() =>
    intercept(
      toCall('lost-reply', async () => {
        span.end(200);
        return answer;
      }),
    ),
  );
  expect(told()[0]?.attributes['baton.fault']).toBe('payment.process:lost-reply');
});

it('marks the span of a decline that the fence asked for, and of no other', async () => {
  const asked = await traceFault('decline', async (decline) => ({
    ...answer,
    headers: { ...decline?.headers },
  }));
  expect(asked).toBe('payment.process:decline');
  expect(await traceFault('decline', async () => answer)).toBeUndefined();
});

it('says on the span how the fault was set', async () => {
  const { intercept } = await open();
  const { span, told } = startSpan();
  await span?.run(() => intercept(toCall('status:status=503', async () => answer)));
  span?.end(503);
  expect(told()[0]?.attributes['baton.fault.settings']).toMatch(/^status=503\b/);
});
