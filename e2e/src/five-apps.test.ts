import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { OrderView, Problem } from '@baton/contracts';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { z } from 'zod';
import { findFaults } from './books.ts';
import { type FiveApps, portOf, startFiveApps, stop } from './five-apps.ts';
import { orderPlan } from './order-plan.ts';

let folder: string;
let apps: FiveApps;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'baton-five-'));
  apps = await startFiveApps(folder);
});
afterEach(async () => {
  await apps.close();
  expect(apps.errors).toEqual([]);
  rmSync(folder, { recursive: true });
});

const order = (change: { sku?: string; token?: string; quantity?: number } = {}) => ({
  customerId: 'ada',
  lines: [{ sku: change.sku ?? 'mug', quantity: change.quantity ?? 2 }],
  payment: { method: 'card' as const, token: change.token ?? 'tok_ok' },
});

/** An order, or a problem: the tests below say which one they expect. */
type Answered = Omit<OrderView, 'status'> &
  Omit<z.infer<typeof Problem>, 'status'> & { readonly status: string };

async function place(body: unknown, headers: Record<string, string> = {}) {
  const answer = await fetch(`${apps.url}/orders`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  return {
    status: answer.status,
    headers: answer.headers,
    body: (await answer.json()) as Answered,
  };
}

async function countOrders(): Promise<number> {
  const list = await apps.client.listOrders();
  return list.ok ? list.body.orders.length : -1;
}

it('completes an order and answers with it when asked to wait', async () => {
  const { status, headers, body } = await place(order(), { prefer: 'wait=10' });
  expect(status).toBe(200);
  expect(headers.get('preference-applied')).toBe('wait=10');
  expect(headers.get('location')).toBe(`/orders/${body.orderId}`);
  expect(body).toMatchObject({
    status: 'completed',
    total: { amountMinor: 2400, currency: 'EUR' },
  });
  expect(body.steps.map((step: { status: string }) => step.status)).toEqual(
    orderPlan.map(() => 'done'),
  );
  expect(findFaults(folder, [body.orderId])).toEqual([]);
});

it('answers 202 at once when nobody wants to wait', async () => {
  const { status, body } = await place(order());
  expect(status).toBe(202);
  expect(body.links.self).toBe(`/orders/${body.orderId}`);
  await expect.poll(() => statusOf(body.orderId)).toBe('completed');
});

it.each([
  ['the payment is declined', order({ token: 'tok_declined' }), 'payment-declined', 'pay'],
  ['the product is sold out', order({ sku: 'first-edition' }), 'out-of-stock', 'reserve'],
  ['nobody knows the product', order({ sku: 'no-such-thing' }), 'unknown-sku', 'validate'],
])('undoes everything when %s', async (_case, body, code, step) => {
  const placed = await place(body, { prefer: 'wait=10' });
  expect(placed.body).toMatchObject({ status: 'compensated', outcome: { code, step } });
  expect(findFaults(folder, [placed.body.orderId])).toEqual([]);
});

it('finishes once a service that was down is back', async () => {
  const port = portOf(apps.serverOf('inventory-service'));
  await stop(apps.serverOf('inventory-service'));
  const { body } = await place(order());
  await expect
    .poll(async () => {
      const reply = await apps.client.getOrder(body.orderId);
      return reply.ok && [reply.body.steps[1]?.attempts.at(-1)?.reply, reply.body.next?.what];
    })
    .toEqual(['unsent', expect.stringContaining('inventory-service')]);
  const again = apps.services['inventory-service'].app.listen(port, '127.0.0.1');
  await expect
    .poll(
      async () => (await apps.client.getOrder(body.orderId)).ok && (await statusOf(body.orderId)),
      { timeout: 60_000 },
    )
    .toBe('completed');
  await stop(again);
});

async function statusOf(id: string) {
  const reply = await apps.client.getOrder(id);
  return reply.ok ? reply.body.status : reply.code;
}

it('makes one order of one key, and refuses the key with another body', async () => {
  const headers = { 'idempotency-key': 'basket-1' };
  const answers = await Promise.all(Array.from({ length: 5 }, () => place(order(), headers)));
  expect(new Set(answers.map(({ body }) => body.orderId)).size).toBe(1);
  expect(await countOrders()).toBe(1);
  const other = await place(order({ quantity: 3 }), headers);
  expect(other).toMatchObject({ status: 422, body: { code: 'key-reused' } });
  const stranger = await place({ ...order(), customerId: 'bob' }, headers);
  expect(stranger.status).toBe(202);
  expect(await countOrders()).toBe(2);
});

it('refuses past the limit of open orders, and stores nothing of what it refused', async () => {
  await apps.close();
  apps = await startFiveApps(folder, { openMax: 1 });
  await stop(apps.serverOf('order-service'));
  const first = await place(order());
  expect(first.status).toBe(202);
  const second = await place(order(), { 'idempotency-key': 'later' });
  expect(second).toMatchObject({ status: 503, body: { code: 'queue-full' } });
  expect(second.headers.get('retry-after')).toMatch(/^[1-3]$/);
  // Cheaply: nobody reads what is not taken.
  expect((await place('no order at all')).status).toBe(503);
  expect(await countOrders()).toBe(1);
  expect((await apps.client.cancelOrder(first.body.orderId)).ok).toBe(true);
});

it('cancels before the pivot, and says why it cannot after it', async () => {
  await stop(apps.serverOf('payment-service'));
  const { body } = await place(order());
  await expect.poll(() => statusOf(body.orderId)).toBe('running');
  const cancelled = await apps.client.cancelOrder(body.orderId);
  expect(cancelled).toMatchObject({ ok: true, body: { status: 'cancel-requested' } });
  await expect.poll(() => statusOf(body.orderId), { timeout: 60_000 }).toBe('compensated');
  expect(await apps.client.cancelOrder(body.orderId)).toMatchObject({
    status: 409,
    code: 'already-settled',
  });
  expect(await apps.client.cancelOrder(`ord_${'f'.repeat(32)}`)).toMatchObject({
    status: 404,
    code: 'order-not-found',
  });
});

it('pages through orders, newest first, and filters them by status', async () => {
  for (const token of ['tok_ok', 'tok_declined', 'tok_ok'])
    await place(order({ token }), { prefer: 'wait=10' });
  const first = await apps.client.listOrders({ limit: 2 });
  const second = first.ok
    ? await apps.client.listOrders({ limit: 2, cursor: first.body.nextCursor ?? '' })
    : first;
  const statuses = [first, second].flatMap((page) =>
    page.ok ? page.body.orders.map(({ status }) => status) : [],
  );
  expect(statuses).toEqual(['completed', 'compensated', 'completed']);
  expect(second.ok && second.body.nextCursor).toBeNull();
  const undone = await apps.client.listOrders({ status: 'compensated' });
  expect(undone.ok && undone.body.orders).toHaveLength(1);
});

it('streams events, and goes on after the last one that was seen', async () => {
  const { body } = await place(order(), { prefer: 'wait=10' });
  const all = await readEvents(`/orders/${body.orderId}/events`, orderPlan.length + 2);
  expect(all.map(({ event }) => event)).toEqual([
    'accepted',
    ...orderPlan.map(() => 'step-succeeded'),
    'completed',
  ]);
  const rest = await readEvents(`/orders/${body.orderId}/events`, 2, all.at(-3)?.id);
  expect(rest.map(({ event }) => event)).toEqual(['step-succeeded', 'completed']);
  const everything = await readEvents('/events', all.length, '0');
  expect(everything.map(({ event }) => event)).toEqual(all.map(({ event }) => event));
});

/** Reads a stream until `count` events have come, then hangs up. */
async function readEvents(path: string, count: number, lastEventId?: string) {
  const abort = new AbortController();
  const headers: Record<string, string> = lastEventId ? { 'last-event-id': lastEventId } : {};
  const answer = await fetch(`${apps.url}${path}`, { headers, signal: abort.signal });
  expect(answer.headers.get('content-type')).toContain('text/event-stream');
  const seen: { event: string; id: string; data: string }[] = [];
  let text = '';
  for await (const chunk of answer.body ?? []) {
    text += new TextDecoder().decode(chunk);
    const blocks = text.split('\n\n');
    text = blocks.pop() ?? '';
    seen.push(...blocks.flatMap(readBlock));
    if (seen.length >= count) break;
  }
  abort.abort();
  return seen;
}

function readBlock(block: string) {
  const read = (name: string) => new RegExp(`^${name}: ?(.*)$`, 'm').exec(block)?.[1] ?? '';
  return read('event') ? [{ event: read('event'), id: read('id'), data: read('data') }] : [];
}

it.each([
  ['as long as it may be', 512, 4_096],
  ['so long that it is dropped', 6_000, 8_192],
])('completes an order whose context is %s', async (_case, tracestate, baggage) => {
  const headers = { tracestate: 's'.repeat(tracestate), baggage: 'b'.repeat(baggage) };
  const { status, body } = await place(order(), { ...headers, prefer: 'wait=10' });
  expect([status, body.status]).toEqual([200, 'completed']);
});

it('tells a listener that comes from another journal to begin anew', async () => {
  const { body } = await place(order(), { prefer: 'wait=10' });
  const one = await readEvents(`/orders/${body.orderId}/events`, 2, '999');
  expect(one.slice(0, 2).map(({ event }) => event)).toEqual(['reset', 'accepted']);
  const all = await readEvents('/events', 1, '999999999');
  expect(all.map(({ event }) => event)).toEqual(['reset']);
});

it('shows the token to nobody and erases it once the order has settled', async () => {
  const token = 'tok_seen_by_nobody';
  const { body } = await place(order({ token }), { prefer: 'wait=10' });
  const shown = await Promise.all(
    [`/orders/${body.orderId}`, '/orders', '/audit', '/metrics'].map(async (path) =>
      (await fetch(apps.url + path)).text(),
    ),
  );
  const events = await readEvents(`/orders/${body.orderId}/events`, 3);
  expect(shown.join() + JSON.stringify([body, events])).not.toContain(token);
  await apps.close();
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  const holders = files.filter((file) =>
    readFileSync(join(file.parentPath, file.name)).includes(token),
  );
  expect(holders.map(({ name }) => name)).toEqual([]);
  apps = await startFiveApps(folder);
});

it('answers the last known catalogue, marked stale, while the order service is down', async () => {
  const fresh = await apps.client.getCatalog();
  expect(fresh.ok && fresh.body.stale).toBe(false);
  await stop(apps.serverOf('order-service'));
  const stale = await apps.client.getCatalog();
  expect(stale.ok && stale.body.stale).toBe(true);
  expect(stale.ok && fresh.ok && stale.body.products).toEqual(fresh.ok && fresh.body.products);
});

it('has books that balance while orders are under way', async () => {
  const placing = Promise.all(
    Array.from({ length: 60 }, (_, n) =>
      place(order({ quantity: 1 + (n % 4), token: n % 7 ? 'tok_ok' : 'tok_declined' })),
    ),
  );
  for (let look = 0; look < 5; look++) {
    const audit = await apps.client.getAudit();
    expect(audit.ok && audit.body.balanced).toBe(true);
  }
  await placing;
  await expect
    .poll(async () => (await apps.orchestrator.engine.counts()).open, { timeout: 60_000 })
    .toBe(0);
  const audit = await apps.client.getAudit();
  expect(audit.ok && audit.body.balanced).toBe(true);
});

it('says that the books do not balance when money is missing', async () => {
  await place(order(), { prefer: 'wait=10' });
  apps.services['payment-service'].store.db.exec("UPDATE payments SET status = 'given-back'");
  const audit = await apps.client.getAudit();
  expect(audit.ok && audit.body.balanced).toBe(false);
});

it.each([
  ['no JSON', '{"customerId":', 400, 'body'],
  ['the wrong type', { ...order(), customerId: 7 }, 400, 'body.customerId'],
  ['a field that nobody knows', { ...order(), extra: 1 }, 400, 'body.extra'],
  ['a negative quantity', order({ quantity: -1 }), 400, 'body.lines[0].quantity'],
  ['a prototype', '{"customerId":"ada","__proto__":{"x":1}}', 400, 'body.__proto__'],
  ['an oversized body', JSON.stringify({ customerId: 'x'.repeat(20_000) }), 413, ''],
])('refuses %s, names the place, and stores nothing', async (_case, body, status, path) => {
  const answer = await place(body);
  expect(answer.status).toBe(status);
  expect(answer.headers.get('content-type')).toBe('application/problem+json');
  const paths = (answer.body.issues ?? []).map((issue: { path: string }) => issue.path);
  if (path)
    expect([...paths, answer.body.detail]).toEqual(
      expect.arrayContaining([expect.stringContaining(path)]),
    );
  expect(await countOrders()).toBe(0);
});

it('refuses a wrong content type and a wrong method', async () => {
  expect((await place(order(), { 'content-type': 'text/plain' })).status).toBe(415);
  const answer = await fetch(`${apps.url}/orders`, { method: 'DELETE' });
  expect(answer.status).toBe(405);
  expect(answer.headers.get('allow')).toContain('POST');
});

it('has a page at its root', async () => {
  const answer = await fetch(apps.url);
  expect(answer.status).toBe(200);
  expect(answer.headers.get('content-type')).toContain('text/html');
});
