/** Writes the Grafana dashboard anew: `npm run dashboard`. A test fails when the dashboard is out of date. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { toDashboard } from './dashboard/grafana.ts';
import { rows } from './dashboard/rows.ts';

const path = 'deploy/grafana/baton.json';
writeFileSync(
  join(import.meta.dirname, '..', path),
  `${JSON.stringify(toDashboard(rows), null, 2)}\n`,
);
console.log(`${path} is written`);
