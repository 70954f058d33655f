/** A real Prometheus scrapes the real apps with the delivered configuration, and answers every rule and every chart. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { portOf, stop } from '../src/five-apps.ts';
import { type System, startSystem } from '../src/processes.ts';
import { type Prometheus, startPrometheus } from './prometheus.ts';

const Dashboard = z.object({
  panels: z.array(
    z.object({
      title: z.string(),
      targets: z.array(z.object({ expr: z.string().optional() })).default([]),
    }),
  ),
});
const dashboard = new URL('../../deploy/grafana/baton.json', import.meta.url);
const { panels } = Dashboard.parse(JSON.parse(readFileSync(dashboard, 'utf8')));
const charts = panels.flatMap(({ title, targets }) =>
  targets.flatMap(({ expr }) => (expr === undefined ? [] : { title, expr })),
);

/** What there is nothing to see of while all is well. */
const emptyInPeace = ['Failed requests', 'Alerts of the watchdog', 'Alerts opened'];

const folder = mkdtempSync(join(tmpdir(), 'baton-alerts-'));
let collector: Server;
let system: System;
let prometheus: Prometheus;

async function place(token: string, baggage = ''): Promise<void> {
  const answer = await fetch(`http://127.0.0.1:${system.apps.get('orchestrator')?.port}/orders`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', prefer: 'wait=20', baggage },
    body: JSON.stringify({
      customerId: 'ada',
      lines: [{ sku: 'mug', quantity: 1 }],
      payment: { method: 'card', token },
    }),
  });
  expect(answer.status).toBe(200);
}

async function placeSome(): Promise<void> {
  await place('tok_ok');
  await place('tok_declined');
  await place('tok_ok', 'baton.fault=payment.process:lost-reply:times=1');
}

const Result = z.object({
  result: z.array(z.object({ value: z.tuple([z.number(), z.string()]) })),
});
async function query(expr: string): Promise<string[]> {
  // Grafana puts in four scrapes.
  const asked = { query: expr.replaceAll('$__rate_interval', '20s').replaceAll(/\$\w+/g, '.*') };
  const { result } = Result.parse(await prometheus.get('/query', asked));
  return result.map(({ value: [, value] }) => value);
}

beforeAll(async () => {
  collector = createServer((request, response) => {
    request.resume().once('end', () => response.end('{}'));
  });
  await new Promise<void>((resolve) => collector.listen(0, '127.0.0.1', resolve));
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${portOf(collector)}` };
  system = await startSystem(join(folder, 'apps'), env);
  await placeSome();
  prometheus = await startPrometheus(join(folder, 'prometheus'), system.apps.values());
  const until = (expr: string, value: string) =>
    vi.waitFor(async () => expect(await query(expr)).toEqual([value]), 20_000);
  await until('count(up == 1)', String(system.apps.size));
  // A rise is one from a figure that was seen before.
  await placeSome();
  await until('sum(rate(baton_orders_settled_total[20s])) > bool 0', '1');
  await until('sum(rate(baton_faults_injected_total[20s])) > bool 0', '1');
  await until('count({__name__=~"baton:.+"})', '6');
});
afterAll(async () => {
  await prometheus?.stop();
  await system?.stop();
  await stop(collector);
  rmSync(folder, { recursive: true });
});

it.each(charts)('has something for the chart $title: $expr', async ({ title, expr }) => {
  const values = await query(expr);
  if (!emptyInPeace.includes(title)) expect(values.length).toBeGreaterThan(0);
});

it('computes every rule, and alarms about nothing but the faults', async () => {
  const Rule = z.object({ name: z.string(), health: z.string(), state: z.string().optional() });
  const Groups = z.object({ groups: z.array(z.object({ rules: z.array(Rule) })) });
  const readRules = async () =>
    Groups.parse(await prometheus.get('/rules')).groups.flatMap(({ rules }) => rules);
  // Of a rule that was not computed yet, its health is unknown.
  const findUnwell = async () => (await readRules()).filter(({ health }) => health !== 'ok');
  await expect.poll(findUnwell, { timeout: 15_000 }).toEqual([]);
  const readFiring = async () =>
    (await readRules()).filter(({ state }) => state === 'firing').map(({ name }) => name);
  await expect.poll(readFiring).toEqual(['BatonFaultsInjected']);
  expect((await readRules()).length).toBeGreaterThan(20);
});

it('keeps the way from figures of orders to their traces', async () => {
  const Series = z.array(
    z.object({ exemplars: z.array(z.object({ labels: z.record(z.string(), z.string()) })) }),
  );
  for (const histogram of ['order', 'step', 'attempt']) {
    const found = await prometheus.get('/query_exemplars', {
      query: `baton_${histogram}_duration_seconds_bucket`,
      start: String(Date.now() / 1_000 - 600),
      end: String(Date.now() / 1_000 + 60),
    });
    const labels = Series.parse(found).flatMap(({ exemplars }) => exemplars.map((e) => e.labels));
    expect(labels.length).toBeGreaterThan(0);
    for (const { trace_id, span_id } of labels) {
      expect(trace_id).toMatch(/^[0-9a-f]{32}$/);
      expect(span_id).toMatch(/^[0-9a-f]{16}$/);
    }
  }
});
