/**
 * What orders cost that wait for a participant that is down: memory, the others' throughput, and the time of a restart.
 * They are rows of the journal, so none of these should grow with their number.
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { createFastFolder } from '@baton/e2e/folder';
import type { Bench, BenchReport } from './bench-report.ts';
import { type MeasuredEngine, startEngine } from './measured-engine.ts';
import { isDecided, runPairs, type Spread, toSpread, toText } from './ratio.ts';

const bytesMax = 100;
const shareMin = 0.9;
const restartMaxMs = 1_000;
/** On a busy machine no start is that fast: then it may take so many times as long as without waiting orders. */
const restartRatioMax = 1.5;
/** The engine's bound for drained orders, 200 a second, and a quarter for a timer that is late. */
const callRateMax = 250;
const full = {
  pairsMin: 12,
  pairsMax: 40,
  seconds: 1,
  warmSeconds: 3,
  restarts: 5,
  watchSeconds: 3,
};
const quick = {
  pairsMin: 5,
  pairsMax: 11,
  seconds: 0.5,
  warmSeconds: 1,
  restarts: 3,
  watchSeconds: 2,
};
/** Between two lines about the progress. */
const chunk = 20_000;

const restartNames = [
  'startMs',
  'firstCallMs',
  'newOrderMs',
  'listMs',
  'callsPerSecondMax',
] as const;
type Restart = Readonly<Record<(typeof restartNames)[number], number>>;

export interface WaitingFigures {
  readonly orders: number;
  readonly bytesPerOrder: number;
  readonly rounds: number;
  /** Orders a second beside waiting orders, to orders a second without. */
  readonly throughput: Spread;
  readonly isClear: boolean;
  /** Processor time for an order, likewise. */
  readonly cpu: Spread;
  /** Memory of the process, restarted and at work. */
  readonly residentBytes: number;
  /** The median of several, from the spawning of the process; for calls, the most of any second. */
  readonly restart: Restart;
  /** A new order's end without waiting orders. */
  readonly emptyRestartMs: number;
}

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

async function park(engine: MeasuredEngine, orders: number): Promise<void> {
  for (let done = 0; done < orders; ) {
    const more = Math.min(chunk, orders - done);
    const { parked } = await engine.run({ type: 'park', orders: more }, ['parked']);
    done += more;
    // One order may be called just now, as the probe of its participant.
    if (parked < done - 1) throw new Error(`Of ${done} orders, only ${parked} wait`);
    say(`  ${done} of ${orders} orders wait`);
  }
}

const collect = (engine: MeasuredEngine) =>
  engine.run({ type: 'collect' }, ['heapBytes', 'residentBytes']);

const load = (engine: MeasuredEngine, seconds: number) =>
  engine.run({ type: 'load', seconds }, ['perSecond', 'cpuPerOrder']);

async function restart(
  start: () => Promise<MeasuredEngine>,
  seconds: number,
): Promise<Restart & { readonly residentBytes: number }> {
  const engine = await start();
  const figures = await engine.run({ type: 'watch', seconds }, restartNames);
  const { residentBytes } = await collect(engine);
  await engine.kill();
  return { ...figures, residentBytes };
}

type Round = Awaited<ReturnType<typeof load>>;
type Pair = readonly [beside: Round, alone: Round];

const listShares = (pairs: readonly Pair[]): number[] =>
  pairs.map(([beside, alone]) => beside.perSecond / alone.perSecond);

export function toReport(figures: WaitingFigures): BenchReport {
  const { orders, bytesPerOrder, rounds, throughput, isClear, restart, emptyRestartMs } = figures;
  const { firstCallMs, newOrderMs, listMs, callsPerSecondMax } = restart;
  const toVerdict = (holds: boolean, limit: string): string => (holds ? limit : `NOT ${limit}`);
  const isSmall = bytesPerOrder <= bytesMax;
  const isFast = throughput.median >= shareMin || !isClear;
  const backMs = Math.max(firstCallMs, newOrderMs);
  const isBackSoon = backMs <= Math.max(restartMaxMs, emptyRestartMs * restartRatioMax);
  const isBounded = callsPerSecondMax > 0 && callsPerSecondMax <= callRateMax;
  const toSeconds = (ms: number): string => `${(ms / 1_000).toFixed(2)} s`;
  const megabytes = (figures.residentBytes / 1e6).toFixed(0);
  return {
    holds: isSmall && isFast && isBackSoon && isBounded,
    figures: { ...figures },
    lines: [
      `${orders} orders wait for a participant that is down:`,
      `  memory            ${bytesPerOrder.toFixed(1)} bytes for each; ${toVerdict(isSmall, `at most ${bytesMax}`)}`,
      `  other orders      ${toText(throughput)} times as many a second as beside none, in ${rounds} pairs of rounds; ${toVerdict(isFast, `at least ${shareMin}`)}`,
      `  processor time    ${toText(figures.cpu)} times as much for one of the others`,
      `  after kill -9     called first after ${toSeconds(firstCallMs)}, a new order done after ${toSeconds(newOrderMs)}; ${toVerdict(isBackSoon, `at most ${toSeconds(restartMaxMs)}, or ${restartRatioMax} times as long as beside none`)}`,
      `                    the new order beside none after ${toSeconds(emptyRestartMs)}; a page of the list in ${toSeconds(listMs)}; ${megabytes} MB resident`,
      `  participant back  ${callsPerSecondMax} calls in a second at most; ${toVerdict(isBounded, `above 0, at most ${callRateMax}`)}`,
    ],
  };
}

export const benchWaiting: Bench = async ({ isQuick, orders }) => {
  const { pairsMin, pairsMax, seconds, warmSeconds, restarts, watchSeconds } = isQuick
    ? quick
    : full;
  await using cleanup = new AsyncDisposableStack();
  // In memory: waiting for a disk would hide their cost.
  const folder = createFastFolder('waiting');
  cleanup.defer(() => rmSync(folder, { recursive: true }));
  const start = async (name: string, isBack = false): Promise<MeasuredEngine> => {
    const path = join(folder, name, 'journal.db');
    const engine = await startEngine({ path, isBack, openMax: orders + 1_000 });
    cleanup.defer(() => engine.kill());
    return engine;
  };
  const [crowded, empty] = await Promise.all([start('crowded'), start('empty')]);
  await park(crowded, orders);
  for (const engine of [crowded, empty]) await load(engine, warmSeconds);
  const heaps = [await collect(crowded), await collect(empty)] as const;
  say('  other orders are placed, beside them and beside none');
  const isEnough = (pairs: readonly Pair[]): boolean =>
    pairs.length >= pairsMax ||
    (pairs.length >= pairsMin && isDecided(listShares(pairs), shareMin));
  const pairs = await runPairs(
    isEnough,
    () => load(crowded, seconds),
    () => load(empty, seconds),
  );
  say('  kill -9, and restarts on the same journals, with the participant back');
  await Promise.all([crowded.kill(), empty.kill()]);
  const restarted = await runPairs(
    ({ length }) => length >= restarts,
    () => restart(() => start('crowded', true), watchSeconds),
    () => restart(() => start('empty', true), 0),
  );
  const crowds = restarted.map(([crowd]) => crowd);
  const toMiddle = (values: readonly number[]): number => toSpread(values).median;
  return toReport({
    orders,
    bytesPerOrder: (heaps[0].heapBytes - heaps[1].heapBytes) / orders,
    rounds: pairs.length,
    throughput: toSpread(listShares(pairs)),
    isClear: isDecided(listShares(pairs), shareMin),
    cpu: toSpread(pairs.map(([beside, alone]) => beside.cpuPerOrder / alone.cpuPerOrder)),
    residentBytes: toMiddle(crowds.map(({ residentBytes }) => residentBytes)),
    restart: {
      startMs: toMiddle(crowds.map(({ startMs }) => startMs)),
      firstCallMs: toMiddle(crowds.map(({ firstCallMs }) => firstCallMs)),
      newOrderMs: toMiddle(crowds.map(({ newOrderMs }) => newOrderMs)),
      listMs: toMiddle(crowds.map(({ listMs }) => listMs)),
      callsPerSecondMax: Math.max(...crowds.map(({ callsPerSecondMax }) => callsPerSecondMax)),
    },
    emptyRestartMs: toMiddle(restarted.map(([, none]) => none.newOrderMs)),
  });
};
