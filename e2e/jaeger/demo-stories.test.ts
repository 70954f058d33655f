/** The stories of the demo, played for real, as Jaeger shows them afterwards. */
import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { Event } from '@baton/saga';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readRuns } from '../src/books.ts';
import { type RealJaeger, startJaeger } from '../src/jaeger/real-jaeger.ts';
import { findTraceFaults } from '../src/jaeger/story-trace.ts';
import { tellOrder } from '../src/told-spans.ts';

const root = join(import.meta.dirname, '../..');

let jaeger: RealJaeger;
let runs: ReadonlyMap<string, readonly Event[]>;
let said: string;
beforeAll(async () => {
  jaeger = await startJaeger();
  const demo = spawn('npm', ['run', '--silent', 'demo', '--', '--keep'], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      ...process.env,
      OTEL_EXPORTER_OTLP_ENDPOINT: jaeger.otlpUrl,
      JAEGER_UI_URL: jaeger.uiUrl,
    },
  });
  said = await text(demo.stdout);
  const dataDir = /kept in (\S+)/.exec(said)?.[1] ?? '';
  runs = new Map(readRuns(dataDir));
  rmSync(dataDir, { recursive: true });
});
afterAll(() => jaeger?.stop());

it('has one whole trace for each order, as its journal tells it', async () => {
  expect(said).toContain('ended whole; the books balance');
  expect(runs.size).toBeGreaterThan(11);
  for (const [order, events] of runs) {
    const told = tellOrder(order, events);
    const trace = await jaeger.client.readTrace(told[0]?.traceId ?? '');
    expect([order, findTraceFaults(trace, told)]).toEqual([order, []]);
  }
});

it('links each story to its trace', async () => {
  const ids = [...said.matchAll(/\/trace\/([0-9a-f]{32})/g)].map(([, id]) => id ?? '');
  expect(ids).toHaveLength(11);
  for (const id of ids) expect((await jaeger.client.readTrace(id))?.roots).toHaveLength(1);
});

it('shows who was killed, which fault was put in, and that another one went on', async () => {
  const killed = [...runs].filter(([, events]) =>
    events.some((event) => event.type === 'step-unknown' && event.interrupted),
  );
  expect(killed.length).toBeGreaterThan(0);
  for (const [order] of killed) {
    const [trace] = await jaeger.client.findTraces({
      service: 'orchestrator',
      tags: { 'baton.order.id': order },
    });
    const names = trace?.spans.map(({ operation }) => operation);
    expect(names).toContain('orchestrator recovered');
    const cutOff = trace?.spans.filter(({ tags }) => tags['baton.interrupted'] === true);
    expect(cutOff?.map(({ status }) => status)).toEqual(['error']);
    expect(trace?.spans.map(({ tags }) => tags['baton.fault'])).toContain(
      'payment.process:latency',
    );
  }
});

it('knows every service, what it does, and who calls whom', async () => {
  const services = ['inventory-service', 'notification-service', 'orchestrator', 'order-service'];
  expect(await jaeger.client.readServices()).toEqual([
    ...services,
    'payment-alternate',
    'payment-service',
  ]);
  // What is done late has a span of its own, on a slow machine.
  const operations = await jaeger.client.readOperations('payment-service');
  expect(operations.filter((name) => name !== 'fence')).toEqual(['POST /process', 'POST /refund']);
  const links = (await jaeger.client.readDependencies())
    .filter(({ parent, child }) => parent !== child)
    .map(({ parent, child }) => `${parent} → ${child}`);
  expect(links.filter((link) => link.startsWith('orchestrator →')).sort()).toEqual([
    'orchestrator → inventory-service',
    'orchestrator → notification-service',
    'orchestrator → order-service',
    'orchestrator → payment-alternate',
    'orchestrator → payment-service',
  ]);
});
