/** `npm run bench`: all benches, or the named ones. Status 1: a limit does not hold; 2: it could not be measured. */
import { parseArgs } from 'node:util';
import type { Bench, BenchReport } from './bench-report.ts';
import { benchFunction } from './function-bench.ts';
import { benchHistory } from './history-bench.ts';
import { benchRivals } from './rivals/rivals-bench.ts';
import { benchScale } from './scale-bench.ts';
import { benchSlowDisk } from './slow-disk-bench.ts';
import { benchTracing } from './tracing-bench.ts';
import { benchWaiting } from './waiting-bench.ts';

const benches: Readonly<Record<string, Bench>> = {
  tracing: benchTracing,
  waiting: benchWaiting,
  history: benchHistory,
  scale: benchScale,
  function: benchFunction,
  rivals: benchRivals,
  'slow-disk': benchSlowDisk,
};

const usageText = `Usage: npm run bench -- [${Object.keys(benches).join(' | ')}] [--quick] [--json] [--jaeger] [--orders N] [--land]`;

function readArguments() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      quick: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      jaeger: { type: 'boolean', default: false },
      orders: { type: 'string' },
      land: { type: 'boolean', default: false },
    },
  });
  const { quick, json, jaeger, land } = values;
  const orders = Number(values.orders ?? (quick ? 20_000 : 100_000));
  if (!Number.isSafeInteger(orders) || orders < 1)
    throw new Error(`--orders must be a whole number from 1, not ${values.orders}`);
  const unknown = positionals.find((name) => !Object.hasOwn(benches, name));
  if (unknown !== undefined) throw new Error(`There is no bench ${unknown}`);
  const names = positionals.length > 0 ? positionals : Object.keys(benches);
  return { options: { isQuick: quick, hasJaeger: jaeger, orders, isLanding: land }, json, names };
}

async function runBenches(): Promise<boolean> {
  const { options, json, names } = readArguments();
  const reports: Record<string, BenchReport> = {};
  for (const name of names) {
    const report = await benches[name]?.(options);
    if (!report) continue;
    reports[name] = report;
    if (!json) for (const line of report.lines) console.log(line);
  }
  const figures = Object.entries(reports).map(([name, report]) => [
    name,
    { holds: report.holds, ...report.figures },
  ]);
  if (json) console.log(JSON.stringify(Object.fromEntries(figures), null, 2));
  return Object.values(reports).every(({ holds }) => holds);
}

try {
  process.exitCode = (await runBenches()) ? 0 : 1;
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  console.error(usageText);
  process.exitCode = 2;
}
