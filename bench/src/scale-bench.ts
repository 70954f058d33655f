/**
 * What one node carries and what a cluster costs, measured here, and what follows by arithmetic and by a simulation: how
 * many partitions a load needs, and what skew, a lost zone and returning clients do to them. There is no promise, so the
 * bench always holds.
 */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import type { Bench } from './bench-report.ts';
import { type ClusterFigures, measureCluster, toClusterLines } from './cluster-cost.ts';
import { sumCpuSeconds } from './cpu-time.ts';
import { startMeasured } from './measured-system.ts';
import { placeOrders } from './order-load.ts';
import { type Scenario, simulate } from './partitions.ts';

const seed = 1;
const customers = 64;
/** The share of a partition's capacity: a lost zone leaves two thirds. */
const plannedLoad = 0.6;
const loads = [100, 1_000, 10_000, 100_000];
const secondsPerDay = 86_400;

const usual: Omit<Scenario, 'name'> = {
  partitions: 100,
  load: plannedLoad,
  key: 'order',
  retry: 'spread',
  openSecondsMax: 30,
  seconds: 900,
};
const away = { fromSecond: 60, seconds: 120 };
const nobody = { ...away, takeOverSeconds: Number.POSITIVE_INFINITY };
const replica = { ...away, takeOverSeconds: 5 };
const scenarios: readonly Scenario[] = [
  { ...usual, name: 'partitioned by order' },
  { ...usual, name: 'partitioned by customer', key: 'customer' },
  { ...usual, name: 'zone lost, taken over', lost: replica },
  { ...usual, name: 'the same at 0.8 load', lost: replica, load: 0.8 },
  { ...usual, name: 'zone lost, no replica', lost: nobody },
  { ...usual, name: 'the same, clients in step', lost: nobody, retry: 'in step' },
];

const toColumn = (value: number): string =>
  (Number.isFinite(value)
    ? value.toFixed(value < 10 && !Number.isInteger(value) ? 2 : 0)
    : 'never'
  ).padStart(9);

function toScenarioLine(scenario: Scenario): string {
  const { busiest, openSeconds, peak, refusals, recoverySeconds } = simulate(scenario, seed);
  const columns = [busiest, openSeconds, peak, refusals, recoverySeconds].map(toColumn);
  return `  ${scenario.name.padEnd(26)}${columns.join('')}`;
}

async function measureNode(isQuick: boolean) {
  const seconds = isQuick ? 3 : 15;
  await using cleanup = new AsyncDisposableStack();
  const system = await startMeasured();
  cleanup.defer(() => system.stop());
  const { url, pids, dataDir } = system;
  await placeOrders({ url, customers, seconds: 2 });
  const [cpuBefore, bytesBefore] = [sumCpuSeconds(pids), toJournalBytes(dataDir)];
  const { orders, tookSeconds } = await placeOrders({ url, customers, seconds });
  const cpuMs = ((sumCpuSeconds(pids) - cpuBefore) * 1_000) / orders;
  const bytes = (toJournalBytes(dataDir) - bytesBefore) / orders;
  return { perSecond: orders / tookSeconds, cpuMs, bytes };
}

interface Capacity {
  readonly perSecond: number;
  readonly cpuMs: number;
}

function toNeeds(load: number, { perSecond, cpuMs }: Capacity): string {
  const partitions = Math.ceil(load / (perSecond * plannedLoad));
  const cores = (load * cpuMs) / 1_000;
  return `  ${String(load).padStart(8)} orders/s${toColumn(partitions)} partitions${toColumn(cores)} processors busy`;
}

/** The ratios are of whole orders, each host by itself on this machine. */
const toClusterCapacity = (node: Capacity, { orders }: ClusterFigures): Capacity => ({
  perSecond: node.perSecond / orders.slowdown.median,
  cpuMs: node.cpuMs * orders.cpu.median,
});

export const benchScale: Bench = async ({ isQuick }) => {
  const node = await measureNode(isQuick);
  const { perSecond, cpuMs, bytes } = node;
  const cluster = await measureCluster(isQuick);
  const toJournal = (load: number): string =>
    `${toColumn((load * bytes * secondsPerDay) / 1e9)} GB of journal a day`;
  return {
    holds: true,
    figures: { perSecond, cpuMs, bytes, cluster },
    lines: [
      `One node on this machine: ${perSecond.toFixed(0)} orders/s; ${cpuMs.toFixed(2)} ms of processor time and ${bytes.toFixed(0)} bytes of journal an order. At ${plannedLoad} of that:`,
      ...loads.map((load) => `${toNeeds(load, node)}${toJournal(load)}`),
      ...toClusterLines(cluster),
      'Clusters in the place of nodes, each as that one:',
      ...loads.map((load) => toNeeds(load, toClusterCapacity(node, cluster))),
      `A simulation of ${usual.partitions} partitions, in units of one partition, seed ${seed}:`,
      `  ${''.padEnd(26)}${['busiest', 'open s', 'peak', 'refused', 'well in'].map((head) => head.padStart(9)).join('')}`,
      ...scenarios.map(toScenarioLine),
    ],
  };
};

function toJournalBytes(dataDir: string): number {
  const path = join(dataDir, 'orchestrator/journal.sqlite');
  return statSync(path).size + statSync(`${path}-wal`).size;
}
