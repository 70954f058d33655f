import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { AlertDelivery } from '@baton/contracts';
import { createVirtualClock } from '@baton/saga/testing';
import { createLog } from '@baton/telemetry';
import { afterEach, expect, it } from 'vitest';
import { createWebhook } from './webhook.ts';

type Behave = (request: IncomingMessage, response: ServerResponse) => void;

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

async function receive(behave: Behave) {
  const bodies: AlertDelivery[] = [];
  const server = createServer(async (request, response) => {
    bodies.push(JSON.parse(await text(request)));
    behave(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(() => {
    server.close();
    server.closeAllConnections();
  });
  // The one place where the address is known not to be a pipe's.
  const { port } = server.address() as AddressInfo;
  return { bodies, url: `http://127.0.0.1:${port}/alerts?key=secret` };
}

function open(url: string, timeoutMs = 3_000) {
  const lines: string[] = [];
  const clock = createVirtualClock();
  const log = createLog('orchestrator', 'warn', { write: (line) => lines.push(line) });
  const webhook = createWebhook({ url, clock, log, timeoutMs });
  closing.push(webhook.stop);
  return { webhook, clock, lines };
}

const delivery = (id: string): AlertDelivery => ({
  type: 'opened',
  alert: {
    id,
    rule: 'queue-deep',
    subject: 'queue',
    status: 'open',
    openedAt: '2026-01-01T00:00:00.000Z',
    resolvedAt: null,
    orders: 1,
    message: 'm',
    action: 'a',
    result: 'r',
    commands: [],
  },
});
const ids = (bodies: readonly AlertDelivery[]): string[] => bodies.map(({ alert }) => alert.id);

it('tells alerts in their order', async () => {
  const { bodies, url } = await receive((_request, response) => response.end());
  const { webhook } = open(url);
  webhook.send(delivery('a'));
  webhook.send(delivery('b'));
  await expect.poll(() => bodies).toEqual([delivery('a'), delivery('b')]);
});

it('tries again when it is refused, and keeps the order', async () => {
  const { bodies, url } = await receive((_request, response) => {
    response.writeHead(bodies.length < 3 ? 503 : 200).end();
  });
  const { webhook, clock } = open(url);
  webhook.send(delivery('a'));
  webhook.send(delivery('b'));
  await expect.poll(() => bodies.length).toBe(1);
  await expect.poll(() => tick(clock, 1_000)).toBe(true);
  await expect.poll(() => bodies.length).toBe(2);
  await expect.poll(() => tick(clock, 5_000)).toBe(true);
  await expect.poll(() => ids(bodies)).toEqual(['a', 'a', 'a', 'b']);
});

it('gives one up after four tries, says so without the address, and goes on', async () => {
  const { bodies, url } = await receive((_request, response) => {
    response.writeHead(bodies.at(-1)?.alert.id === 'a' ? 302 : 200, { location: '/' }).end();
  });
  const { webhook, clock, lines } = open(url);
  webhook.send(delivery('a'));
  webhook.send(delivery('b'));
  for (const delayMs of [1_000, 5_000, 30_000])
    await expect.poll(() => tick(clock, delayMs)).toBe(true);
  await expect.poll(() => ids(bodies)).toEqual(['a', 'a', 'a', 'a', 'b']);
  expect(lines).toHaveLength(1);
  expect(lines[0]).toContain('did not take an alert');
  expect(lines[0]).not.toContain('secret');
});

it('waits for no answer longer than its time-out', async () => {
  const { bodies, url } = await receive(() => {});
  const { webhook, clock } = open(url, 500);
  webhook.send(delivery('a'));
  await expect.poll(() => bodies.length).toBe(1);
  await expect.poll(() => tick(clock, 1_000)).toBe(true);
  await expect.poll(() => bodies.length).toBe(2);
});

it('keeps a hundred, and drops the oldest with a line in the log', async () => {
  const { bodies, url } = await receive(() => {});
  const { webhook, lines } = open(url);
  for (let i = 0; i < 103; i++) webhook.send(delivery(`alert-${i}`));
  expect(lines).toHaveLength(2);
  expect(lines[0]).toContain('alert-1');
  await expect.poll(() => ids(bodies)).toEqual(['alert-0']);
});

it('leaves nothing behind when it is stopped', async () => {
  const { bodies, url } = await receive(() => {});
  const { webhook, lines } = open(url);
  webhook.send(delivery('a'));
  webhook.send(delivery('b'));
  await expect.poll(() => bodies.length).toBe(1);
  webhook.stop();
  webhook.send(delivery('c'));
  await new Promise((resolve) => setImmediate(resolve));
  expect([ids(bodies), lines]).toEqual([['a'], []]);
});

/** Passes the next timer, if there is one within `ms`. */
async function tick(clock: ReturnType<typeof createVirtualClock>, ms: number): Promise<boolean> {
  const before = clock.now();
  return clock
    .run(() => clock.now() > before, ms)
    .then(
      () => true,
      () => false,
    );
}
