import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FAULT_HEADER, paymentOperations } from '@baton/contracts';
import type { InterceptedCall } from '@baton/service-kit';
import { createLog } from '@baton/telemetry';
import { expect, it, onTestFinished, vi } from 'vitest';
import { createSaboteur } from './saboteur.ts';

const answer = { status: 200, headers: {}, body: { orderId: 'ord_1' } };

const open = async () => {
  const folder = mkdtempSync(join(tmpdir(), 'baton-faults-'));
  const lines: string[] = [];
  const counted: string[] = [];
  const saboteur = await createSaboteur({
    file: join(folder, 'faults.json'),
    name: 'payment-service',
    log: createLog('test', 'warn', { write: (line) => void lines.push(line) }),
    metrics: { countFault: (operation, kind) => counted.push(`${operation} ${kind}`) },
  });
  onTestFinished(async () => {
    await saboteur.close();
    rmSync(folder, { recursive: true });
  });
  return { ...saboteur, lines, counted };
};

const toCall = (fault: string, proceed: InterceptedCall['proceed']): InterceptedCall => ({
  operation: paymentOperations.process,
  orderId: 'ord_1',
  attempt: 1,
  headers: { baggage: `baton.fault=payment.process:${fault}` },
  signal: new AbortController().signal,
  proceed,
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
  expect(delivery?.answer.headers[FAULT_HEADER]).toBeUndefined();
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
