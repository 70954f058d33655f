/** The dashboard is what its program makes, and Grafana can lay it out; every alert leads to a page that is there. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { toDashboard } from './dashboard/grafana.ts';
import { rows } from './dashboard/rows.ts';

const root = join(import.meta.dirname, '..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const dashboard = toDashboard(rows);
const { panels } = dashboard;

test('deploy/grafana/baton.json is what npm run dashboard writes', () => {
  expect(JSON.parse(read('deploy/grafana/baton.json'))).toEqual(dashboard);
});

test('no chart has the id or the place of another, and none leaves the page', () => {
  expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
  const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) => {
    expect(x + w).toBeLessThanOrEqual(24);
    return Array.from({ length: w * h }, (_, i) => `${x + (i % w)} ${y + Math.floor(i / w)}`);
  });
  expect(new Set(cells).size).toBe(cells.length);
});

test('every chart says what it shows and asks a source that is provisioned', () => {
  const charts = rows.flatMap(({ charts: ofRow }) => ofRow);
  expect(charts.length).toBeGreaterThan(20);
  expect(charts.filter(({ description, queries }) => !description || !queries.length)).toEqual([]);
  const provisioned = read('deploy/grafana/provisioning/datasources/baton.yml');
  for (const type of new Set(
    panels.flatMap((panel) => ('datasource' in panel ? panel.datasource.type : [])),
  ))
    expect(provisioned).toContain(`type: ${type}\n`);
  const [, jaeger] = /datasourceUid: ([\w-]+)/.exec(provisioned) ?? [];
  expect(provisioned).toContain(`uid: ${jaeger}\n`);
});

test('every variable that is asked for can be chosen', () => {
  const asked = JSON.stringify(panels).matchAll(/\$\{?([a-z]+)\b/g);
  const names = dashboard.templating.list.map(({ name }) => name);
  expect([...new Set([...asked].map(([, name]) => name))].toSorted()).toEqual(names.toSorted());
});

test('every alert says what is seen, what is done and what to do, and leads to a heading of the documentation', () => {
  const alerts = read('deploy/prometheus/rules.yml').split('- alert: ').slice(1);
  expect(alerts.length).toBeGreaterThan(15);
  const toAnchor = (heading: string): string =>
    heading
      .toLowerCase()
      .replace(/[^\w\- ]/g, '')
      .replace(/ /g, '-');
  for (const alert of alerts) {
    expect(alert).toMatch(/ summary: .+\n +automatic: .+\n +action: .+\n +runbook: /);
    const [, page = '', anchor] = / runbook: (\S+)#(\S+)/.exec(alert) ?? [];
    const headings = existsSync(join(root, page)) ? read(page).matchAll(/^#+ (.+)$/gm) : [];
    expect([...headings].map(([, heading = '']) => toAnchor(heading))).toContain(anchor);
  }
});
