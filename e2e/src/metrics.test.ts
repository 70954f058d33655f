/** What the apps really answer at /metrics is what docs/metrics.md says, and all that rules and dashboard ask for. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { portOf, stop } from './five-apps.ts';
import { type Family, readOpenMetrics } from './open-metrics.ts';
import { type App, type AppName, type System, start, startSystem } from './processes.ts';
import { readExpression } from './promql.ts';

const root = join(import.meta.dirname, '../..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const folder = mkdtempSync(join(tmpdir(), 'baton-metrics-'));

let system: System;
let collector: Server;
/** Of all apps together. */
let families: Map<string, Family>;

/** Each makes a figure that there is none of before. */
const troubles = [
  {},
  { token: 'tok_declined' },
  { baggage: 'baton.fault=payment.process:reset' },
  { baggage: 'baton.fault=notification.notify:status:status=422' },
];

async function place({ token = 'tok_ok', baggage = '', prefer = 'wait=30' }): Promise<number> {
  const { port } = find('orchestrator');
  const answer = await fetch(`http://127.0.0.1:${port}/orders`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', prefer, baggage },
    body: JSON.stringify({
      customerId: 'ada',
      lines: [{ sku: 'mug', quantity: 1 }],
      payment: { method: 'card', token },
    }),
  });
  return answer.status;
}

function find(name: AppName): App {
  const app = system.apps.get(name);
  if (!app) throw new Error(`there is no ${name}`);
  return app;
}

/** With a collector, which only the orchestrator has from the start. */
async function restartTraced(name: AppName, env: Readonly<Record<string, string>>) {
  const { port, kill } = find(name);
  await kill();
  system.apps.set(name, await start(name, { dataDir: folder, port, env }).ready);
}

async function scrape(port: number): Promise<Map<string, Family>> {
  const headers = { accept: 'application/openmetrics-text; version=1.0.0' };
  const answer = await fetch(`http://127.0.0.1:${port}/metrics`, { headers });
  expect(answer.headers.get('content-type')).toMatch(/^application\/openmetrics-text; version=1/);
  return readOpenMetrics(await answer.text());
}

beforeAll(async () => {
  collector = createServer((request, response) => {
    request.resume().once('end', () => response.end('{}'));
  });
  await new Promise<void>((resolve) => collector.listen(0, '127.0.0.1', resolve));
  const traced = { OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${portOf(collector)}` };
  system = await startSystem(folder, { STANDBY: 'true', ...traced });
  await restartTraced('payment-service', traced);
  for (const trouble of troubles) expect(await place(trouble)).toBe(200);
  const scraped = await Promise.all([...system.apps.values()].map(({ port }) => scrape(port)));
  families = new Map();
  for (const app of scraped)
    for (const [name, family] of app) {
      const known = families.get(name);
      if (!known || isMore(family, known)) families.set(name, family);
    }
});
afterAll(async () => {
  await system?.stop();
  await stop(collector);
  rmSync(folder, { recursive: true });
});

const labelsOf = ({ series }: Family): Set<string> =>
  new Set([...series.values()].flatMap((labels) => [...labels]));
const isMore = (one: Family, other: Family): boolean =>
  labelsOf(one).size > labelsOf(other).size || (one.hasExemplars && !other.hasExemplars);

interface Documented {
  readonly name: string;
  readonly type: string;
  readonly labels: readonly string[];
  readonly hasExemplars: boolean;
}

const readNames = (cell = ''): string[] =>
  [...cell.matchAll(/`(\w+)`/g)].map(([, name = '']) => name);

function readPage(): Documented[] {
  const rows = read('docs/metrics.md')
    .split('\n')
    .filter((line) => line.startsWith('| `'));
  return rows.flatMap((row) => {
    const [, names, types = '', labels] = row.split('|');
    const kinds = types
      .replace('•', '')
      .split(',')
      .map((kind) => kind.trim());
    return readNames(names).map((name, index) => ({
      name,
      type: kinds[index] ?? kinds[0] ?? '',
      labels: readNames(labels).toSorted(),
      hasExemplars: types.includes('•'),
    }));
  });
}

const isLibrarys = (name: string): boolean => /^(process|nodejs)_/.test(name);
/** Of every figure, and so named once. */
const isShared = (label: string): boolean => label === 'service' || label === 'le';

it('docs/metrics.md has every metric that there is, with its type and labels, and no other', () => {
  const real = [...families].filter(([name]) => !isLibrarys(name));
  const page = readPage();
  expect(page.length).toBeGreaterThan(25);
  const byName = (a: { name: string }, b: { name: string }) => a.name.localeCompare(b.name);
  expect(page.map(({ name, type, labels }) => ({ name, type, labels })).toSorted(byName)).toEqual(
    real
      .map(([name, family]) => ({
        name,
        type: family.type,
        labels: [...labelsOf(family)].filter((label) => !isShared(label)).toSorted(),
      }))
      .toSorted(byName),
  );
});

it('every histogram that is said to lead to traces does', () => {
  const promised = readPage().filter(({ hasExemplars }) => hasExemplars);
  expect(promised).toHaveLength(4);
  expect(promised.filter(({ name }) => !families.get(name)?.hasExemplars)).toEqual([]);
});

const Rules = z.object({
  groups: z.array(
    z.object({
      rules: z.array(
        z.object({ record: z.string().optional(), alert: z.string().optional(), expr: z.string() }),
      ),
    }),
  ),
});
const rules = Rules.parse(parse(read('deploy/prometheus/rules.yml'))).groups.flatMap(
  ({ rules: ofGroup }) => ofGroup,
);
const Dashboard = z.object({
  panels: z.array(
    z.object({
      title: z.string(),
      // What is asked of Jaeger has no expression.
      targets: z
        .array(z.object({ expr: z.string().default(''), legendFormat: z.string().default('') }))
        .default([]),
    }),
  ),
});
const charts = Dashboard.parse(JSON.parse(read('deploy/grafana/baton.json'))).panels;

/** What Prometheus adds to whatever it scrapes. */
const ofTargets = ['app', 'instance', 'job'];
const isRecorded = (metric: string): boolean => rules.some(({ record }) => record === metric);

function findLabels(metric: string): readonly string[] | undefined {
  if (metric === 'up' || isRecorded(metric)) return ofTargets;
  const found = [...families.values()].find(({ series }) => series.has(metric));
  return found && [...(found.series.get(metric) ?? []), ...ofTargets];
}

function findMissing(expr: string, legend = ''): string[] {
  const { selectors, grouping } = readExpression(expr);
  const shown = [...legend.matchAll(/\{\{(\w+)\}\}/g)].flatMap(([, label]) => label ?? []);
  return selectors.flatMap(({ metric, labels }) => {
    const known = findLabels(metric);
    if (!known) return [metric];
    const missing = [...labels, ...grouping, ...shown].filter((label) => !known.includes(label));
    return missing.map((label) => `${metric}{${label}}`);
  });
}

describe('what is asked of Prometheus is there', () => {
  it.each(rules.map(({ alert, record, expr }) => [alert ?? record ?? '', expr]))(
    'by the rule %s',
    (_name, expr) => {
      expect(readExpression(expr).selectors.length).toBeGreaterThan(0);
      expect(findMissing(expr)).toEqual([]);
    },
  );

  it.each(
    charts.filter(({ targets }) => targets.length > 0).map((c) => [c.title, c.targets] as const),
  )('by the chart %s', (_title, targets) => {
    expect(targets.flatMap(({ expr, legendFormat }) => findMissing(expr, legendFormat))).toEqual(
      [],
    );
  });
});

it('a standby that takes over says how long it took, and what it found', async () => {
  const env = system.orchestratorEnv;
  const standby = start('orchestrator', { dataDir: folder, env });
  const active = find('orchestrator');
  const readReady = async () =>
    (await fetch(`http://127.0.0.1:${active.port}/health/ready`)).text();
  await expect.poll(readReady).toContain('"standby":"waiting"');
  expect(await place({ prefer: '', baggage: 'baton.fault=payment.process:hang' })).toBe(202);
  await active.kill();
  const next = await standby.ready;
  system.apps.set('orchestrator', next);
  const text = await (await fetch(`http://127.0.0.1:${next.port}/metrics`)).text();
  const readFigure = (name: string) =>
    Number(new RegExp(`^${name}\\{.*\\} (\\S+)$`, 'm').exec(text)?.[1]);
  expect(readFigure('baton_recovery_seconds')).toBeGreaterThan(0);
  expect(readFigure('baton_take_over_seconds')).toBeGreaterThan(
    readFigure('baton_recovery_seconds'),
  );
  expect(readFigure('baton_take_over_seconds')).toBeLessThan(300);
  expect(readFigure('baton_orders_recovered')).toBe(1);
});
