/** Notification-service as a function on workerd: its fence through cold starts and parallel instances, and an order through it. */
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { keyHeader, replayedHeader } from '@baton/contracts';
import { notificationOperations } from '@baton/contracts/notification-service';
import {
  buildFunction,
  type RunningFunction,
  type StartOptions,
  startFunction,
} from '@baton/notification-service/workerd';
import { createClient, createOrchestratorClient } from '@baton/service-kit';
import { startRecordingCollector } from '@baton/telemetry/testing/recording-collector';
import { readSentSpans } from '@baton/telemetry/testing/sent-spans';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { checkParticipant } from '../conformance/check-participant.ts';
import { startSystem } from './processes.ts';

const built = mkdtempSync(join(tmpdir(), 'baton-built-'));
let modules: readonly string[];
beforeAll(async () => {
  modules = await buildFunction(built);
});
afterAll(() => rmSync(built, { recursive: true }));

let dataDir: string;
const running = new Set<RunningFunction>();
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'baton-function-'));
});
afterEach(async () => {
  await Promise.all([...running].map(kill));
  rmSync(dataDir, { recursive: true });
});

async function start(options: Pick<StartOptions, 'env' | 'log'> = {}): Promise<RunningFunction> {
  const started = await startFunction({ folder: built, dataDir, ...options });
  running.add(started);
  return started;
}

/** As a power cut ends it. */
async function kill(started: RunningFunction): Promise<void> {
  running.delete(started);
  const ended = once(started.process, 'exit');
  started.process.kill('SIGKILL');
  await ended;
}

interface Notified {
  readonly status: number;
  readonly isReplay: boolean;
  readonly text: string;
}

async function notify({ url }: RunningFunction, orderId: string): Promise<Notified> {
  const response = await fetch(`${url}/notify`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', [keyHeader]: `${orderId}:notify` },
    body: JSON.stringify({ orderId, customerId: 'ada', template: 'order-completed' }),
  });
  const isReplay = response.headers.get(replayedHeader) === 'true';
  return { status: response.status, isReplay, text: await response.text() };
}

/** Of each message there is, newest first. */
async function listNotified({ url }: RunningFunction): Promise<readonly string[]> {
  const client = createClient(notificationOperations, { baseUrl: url });
  const signal = AbortSignal.timeout(60_000);
  const read = await client.getNotifications({ query: { limit: 100 } }, { signal });
  await client.close();
  return read.ok ? read.body.notifications.map(({ orderId }) => orderId) : [];
}

const range = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

it('is made of nothing that a process alone needs', () => {
  const packages = modules.map((path) => /node_modules\/(@[^/]+\/[^/]+|[^/]+)/.exec(path)?.[1]);
  const used = [...new Set(packages)].filter((name) => !name?.startsWith('@opentelemetry/'));
  expect(used.sort()).toEqual(['zod', undefined]);
});

it('passes the conformance check', async () => {
  const { url } = await start();
  const failed: string[] = [];
  let passed = 0;
  for await (const finding of checkParticipant(url)) {
    if (finding.passed) passed += 1;
    else failed.push(finding.check);
  }
  expect(failed).toEqual([]);
  expect(passed).toBeGreaterThan(20);
});

it('answers again as before when it was killed in between, and does nothing twice when killed amid requests', async () => {
  const first = await start();
  const before = await notify(first, 'ord_before');
  expect(before).toMatchObject({ status: 200, isReplay: false });
  const orders = range(90).map((n) => `ord_amid${n}`);
  const asked = orders.map((orderId) => notify(first, orderId).catch(() => undefined));
  await Promise.race(asked);
  await kill(first);
  const heard = await Promise.all(asked);
  // Some were under way.
  expect(heard).toContain(undefined);

  const second = await start();
  expect(await notify(second, 'ord_before')).toEqual({ ...before, isReplay: true });
  for (const [index, orderId] of orders.entries()) {
    const again = await notify(second, orderId);
    expect(again.status).toBe(200);
    // What was answered was stored.
    const answer = heard[index];
    if (answer) expect(again).toEqual({ ...answer, isReplay: true });
  }
  expect((await listNotified(second)).toSorted()).toEqual([...orders, 'ord_before'].toSorted());
});

it('does one effect for a key that comes many times at once', async () => {
  const started = await start();
  const answers = await Promise.all(range(30).map(() => notify(started, 'ord_many')));
  expect(new Set(answers.map(({ status, text }) => `${status} ${text}`)).size).toBe(1);
  expect(answers.filter(({ isReplay }) => !isReplay)).toHaveLength(1);
  expect(await listNotified(started)).toEqual(['ord_many']);
});

/** The platform promises one object; should that fail, its file is what keeps an effect from happening twice. */
it('does one effect even where two runtimes have the object, which then may fail to answer', async () => {
  const two = [await start({ log: 'ignore' }), await start({ log: 'ignore' })];
  const answers = await Promise.all(
    range(40).flatMap((n) => two.map((started) => notify(started, `ord_${n}`))),
  );
  expect(new Set(answers.map(({ status }) => status))).toContain(200);
  const texts = Map.groupBy(
    answers.filter(({ status }) => status === 200),
    ({ text }) => JSON.parse(text).orderId,
  );
  for (const [, given] of texts) expect(new Set(given.map(({ text }) => text)).size).toBe(1);
  const done = await listNotified(await start());
  expect(new Set(done).size).toBe(done.length);
  for (const orderId of texts.keys()) expect(done).toContain(orderId);
});

it('takes part in an order, by configuration alone, and in its trace', async () => {
  const collector = await startRecordingCollector();
  const traced = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.address };
  const started = await start({ env: traced });
  const system = await startSystem(
    dataDir,
    { ...traced, NOTIFICATION_SERVICE_URL: started.url },
    traced,
  );
  const port = system.apps.get('orchestrator')?.port;
  const client = createOrchestratorClient({ baseUrl: `http://127.0.0.1:${port}` });
  const order = {
    customerId: 'ada',
    lines: [{ sku: 'mug', quantity: 1 }],
    payment: { method: 'card', token: 'tok_ok' },
  } as const;
  const reply = await client.placeOrder(order, { waitSeconds: 20 });
  expect(reply).toMatchObject({ ok: true, body: { status: 'completed' } });
  const orderId = reply.ok ? reply.body.orderId : '';
  expect(await listNotified(started)).toEqual([orderId]);

  const readSpans = () =>
    collector.recorded.flatMap(({ body, headers }) => readSentSpans(body, headers['content-type']));
  await expect.poll(() => readSpans().map(({ name }) => name)).toContain('order completed');
  await client.close();
  await system.end();
  const spans = readSpans();
  const ids = new Set(spans.map(({ spanId }) => spanId));
  expect(new Set(spans.map(({ traceId }) => traceId)).size).toBe(1);
  expect(spans.filter(({ parentSpanId = '' }) => !ids.has(parentSpanId))).toHaveLength(1);
  const own = spans.filter(({ resource }) => resource['service.name'] === 'notification-service');
  expect(own).toMatchObject([
    {
      name: 'POST /notify',
      kind: 2,
      attributes: {
        'http.request.method': 'POST',
        'http.route': '/notify',
        'http.response.status_code': 200,
        'server.address': '127.0.0.1',
        'url.path': '/notify',
        'url.scheme': 'http',
        'baton.order.id': orderId,
        'baton.step': 'notify',
        'baton.attempt': 1,
        'baton.fence': 'done',
      },
    },
  ]);
  const call = spans.find(({ spanId }) => spanId === own[0]?.parentSpanId);
  expect([call?.resource['service.name'], call?.name]).toEqual(['orchestrator', 'POST /notify']);
  await collector.close();
});
