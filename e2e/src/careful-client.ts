/** A client that repeats its order until it has an answer, for systems whose processes are killed meanwhile. */
import type { Event } from '@baton/saga';
import type { OrchestratorClient } from '@baton/service-kit';
import { expect } from 'vitest';
import { readRuns } from './books.ts';

const toOrder = (index: number) => ({
  customerId: `customer-${index}`,
  lines: [{ sku: index % 3 === 0 ? 'numbered-print' : 'mug', quantity: 1 + (index % 3) }],
  payment: { method: 'card' as const, token: index % 5 === 0 ? 'tok_declined' : 'tok_ok' },
});

/** Repeats the same key until there is an answer. */
export async function place(client: OrchestratorClient, index: number): Promise<string> {
  const deadline = Date.now() + 60_000;
  while (Date.now() < deadline) {
    const reply = await client.placeOrder(toOrder(index), { idempotencyKey: `kill-${index}` });
    if (reply.ok) return reply.body.orderId;
    await pause(20);
  }
  throw new Error(`order ${index} was never accepted`);
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

export async function untilSettled(dataDir: string, ids: readonly string[]): Promise<void> {
  await expect
    .poll(() => [...readRuns(dataDir)].filter(([, events]) => !isOver(events)).map(([id]) => id), {
      timeout: 120_000,
      interval: 200,
    })
    .toEqual([]);
  expect([...readRuns(dataDir).keys()].sort()).toEqual([...new Set(ids)].sort());
}

/** The order has settled, and the customer was told if it completed. */
function isOver(events: readonly Event[]): boolean {
  const isTold = events.some(
    (event) => event.type === 'step-succeeded' && /^notify(:alt)?$/.test(event.way),
  );
  return events.some(({ type }) => type === 'compensated' || (type === 'completed' && isTold));
}
