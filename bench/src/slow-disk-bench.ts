/**
 * What a slow disk costs: the five real apps on disks with a slow flush, beside the same apps on a disk with an instant
 * flush. A flush blocks the event loop, and so delays everything else in the process.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createFastFolder } from '@baton/e2e/folder';
import type { Bench, BenchReport } from './bench-report.ts';
import { readWindows } from './loop-delay.ts';
import { production, startMeasured } from './measured-system.ts';
import { placeOrders } from './order-load.ts';
import { runPairs, type Spread, toSpread, toText } from './ratio.ts';

const flushesMs = [1, 5];
const customers = 64;
/** The share of the fast disk's throughput that must be left. */
const shareMin = 0.8;
const full = { pairs: 9, seconds: 2 };
const quick = { pairs: 5, seconds: 1.5 };
const apps = ['orchestrator', 'inventory-service'] as const;
type AppName = (typeof apps)[number];

interface Round {
  readonly perSecond: number;
  /** The event loop's, at the median and at the 99th percentile. */
  readonly p50Ms: Readonly<Record<AppName, number>>;
  readonly p99Ms: Readonly<Record<AppName, number>>;
}
interface Disk {
  load(seconds: number): Promise<Round>;
  stop(): Promise<void>;
}

/** Throws where there is no C compiler. */
function buildShim(folder: string): string {
  const source = fileURLToPath(new URL('./slow-flush.c', import.meta.url));
  const shim = join(folder, 'slow-flush.so');
  execFileSync('cc', ['-shared', '-fPIC', '-O2', '-o', shim, source, '-ldl']);
  return shim;
}

async function startDisk(shim: string, flushMs: number): Promise<Disk> {
  const folder = createFastFolder('slow-disk');
  const env = {
    ...production,
    LD_PRELOAD: shim,
    SLOW_FLUSH_US: String(flushMs * 1_000),
    LOOP_DELAY_FOLDER: folder,
    NODE_OPTIONS: `--import=${new URL('./loop-delay.ts', import.meta.url).href}`,
  };
  const { url, stop } = await startMeasured({ folder, env });
  async function load(seconds: number): Promise<Round> {
    const from = Date.now();
    const { orders, tookSeconds } = await placeOrders({ url, customers, seconds });
    const read = (name: 'p50Ms' | 'p99Ms') => (app: AppName) =>
      toSpread(readWindows(folder, app, from, Date.now()).map((window) => window[name])).median;
    return {
      perSecond: orders / tookSeconds,
      p50Ms: toRecord(read('p50Ms')),
      p99Ms: toRecord(read('p99Ms')),
    };
  }
  return { load, stop };
}

const toRecord = (read: (app: AppName) => number): Record<AppName, number> => ({
  orchestrator: read('orchestrator'),
  'inventory-service': read('inventory-service'),
});

export interface DiskFigures {
  readonly flushMs: number;
  readonly throughput: Spread;
  readonly slow: Readonly<Record<string, Spread>>;
  readonly fast: Readonly<Record<string, Spread>>;
}

type Pair = readonly [slow: Round, fast: Round];

function toFigures(flushMs: number, pairs: readonly Pair[]): DiskFigures {
  const listDelays = (rounds: readonly Round[]): Record<string, Spread> =>
    Object.fromEntries(
      apps.flatMap((app) => [
        [`${app} p50 ms`, toSpread(rounds.map(({ p50Ms }) => p50Ms[app]))],
        [`${app} p99 ms`, toSpread(rounds.map(({ p99Ms }) => p99Ms[app]))],
      ]),
    );
  return {
    flushMs,
    throughput: toSpread(pairs.map(([slow, fast]) => slow.perSecond / fast.perSecond)),
    slow: listDelays(pairs.map(([slow]) => slow)),
    fast: listDelays(pairs.map(([, fast]) => fast)),
  };
}

export function toReport(disks: readonly DiskFigures[]): BenchReport {
  return {
    holds: disks.every(({ throughput }) => throughput.median >= shareMin),
    figures: { disks },
    lines: disks.flatMap(toLines),
  };
}

function toLines({ flushMs, throughput, slow, fast }: DiskFigures): string[] {
  const isHeld = throughput.median >= shareMin;
  return [
    `A flush of ${flushMs} ms, ${customers} orders at a time, to a flush of 0 ms:`,
    `  orders a second                 ${toText(throughput)} times as many; ${isHeld ? '' : 'NOT '}at least ${shareMin}`,
    ...Object.entries(slow).map(
      ([name, spread]) =>
        `  event loop, ${name.padEnd(26)}${toText(spread)}, beside ${toText(fast[name] ?? spread)}`,
    ),
  ];
}

export const benchSlowDisk: Bench = async ({ isQuick }) => {
  const { pairs, seconds } = isQuick ? quick : full;
  await using cleanup = new AsyncDisposableStack();
  const built = mkdtempSync(join(tmpdir(), 'baton-shim-'));
  cleanup.defer(() => rmSync(built, { recursive: true }));
  const shim = buildShim(built);
  const start = async (flushMs: number): Promise<Disk> => {
    const disk = await startDisk(shim, flushMs);
    cleanup.defer(() => disk.stop());
    await disk.load(seconds * 2);
    return disk;
  };
  const fast = await start(0);
  const all: DiskFigures[] = [];
  for (const flushMs of flushesMs) {
    const slow = await start(flushMs);
    console.error(`  a flush of ${flushMs} ms, beside one of 0 ms`);
    const isEnough = ({ length }: { readonly length: number }): boolean => length >= pairs;
    const rounds = await runPairs(
      isEnough,
      () => slow.load(seconds),
      () => fast.load(seconds),
    );
    all.push(toFigures(flushMs, rounds));
  }
  return toReport(all);
};
