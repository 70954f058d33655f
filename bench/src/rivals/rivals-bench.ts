/**
 * What orchestrators cost: the same four calls by Baton, by hand, and by other tools. Each is measured in turns with the
 * textbook loop, and every figure is a ratio to the loop beside it.
 */
import { rmSync } from 'node:fs';
import { createFastFolder } from '@baton/e2e/folder';
import type { Bench, BenchReport } from '../bench-report.ts';
import { isDecided, runPairs, type Spread, toSpread, toText } from '../ratio.ts';
import { listAims, type Rows, toAimLine } from './aims.ts';
import { type ContestantName, contestants, isContestant } from './contestants.ts';
import { installRivals } from './installed-rivals.ts';
import {
  comparedLevel,
  type Level,
  levels,
  type Row,
  readLanded,
  toLeast,
  writeLanded,
} from './landed.ts';
import {
  type Load,
  type MeasuredContestant,
  startContestant,
  startParticipants,
} from './measured-contestant.ts';
import { drawRivals } from './rivals-chart.ts';
import { writePage } from './rivals-page.ts';

/** Many short rounds rather than a few long ones: other work of the machine comes and goes within seconds. */
const full = { pairs: 9, seconds: 0.6, warmSeconds: 3 };
const quick = { pairsMin: 15, pairsMax: 60, seconds: 0.7, warmSeconds: 4 };
const reference = 'textbook';

interface Arena {
  start(name: ContestantName): Promise<MeasuredContestant>;
}
type Pair = readonly [of: Load, beside: Load];

/** In memory: flushes cost nothing, which favours systems that flush often. */
async function openArena(cleanup: AsyncDisposableStack): Promise<Arena> {
  const parent = createFastFolder('rivals');
  cleanup.defer(() => rmSync(parent, { recursive: true, force: true }));
  const participants = await startParticipants();
  cleanup.defer(() => participants.end());
  return { start: (name) => startContestant(name, { parent, participantsUrl: participants.url }) };
}

const compare = (pairs: readonly Pair[], read: (load: Load) => number): number[] =>
  pairs.map(([of, beside]) => read(of) / read(beside));
const toShares = (pairs: readonly Pair[]): number[] => compare(pairs, ({ perSecond }) => perSecond);

interface Measured {
  readonly row: Row;
  readonly pairs: ReadonlyMap<Level, readonly Pair[]>;
}

async function measure(
  name: ContestantName,
  contestant: MeasuredContestant,
  textbook: MeasuredContestant,
): Promise<Measured> {
  const { label, isDurable, isBaton = false } = contestants[name];
  await contestant.load(comparedLevel, full.warmSeconds);
  const before = await contestant.weigh();
  const pairs = new Map<Level, readonly Pair[]>();
  for (const level of levels) {
    const measured = await runPairs(
      ({ length }) => length >= full.pairs,
      () => contestant.load(level, full.seconds),
      () => textbook.load(level, full.seconds),
    );
    pairs.set(level, measured);
    console.error(`  ${label}, ${level} at a time: ${toText(toSpread(toShares(measured)))}`);
  }
  const after = await contestant.weigh();
  const beside = await textbook.weigh();
  const toSpreads = (read: (load: Load) => number): Record<string, Spread> =>
    Object.fromEntries([...pairs].map(([level, all]) => [level, toSpread(compare(all, read))]));
  return {
    row: {
      label,
      version: contestant.version,
      isDurable,
      isBaton,
      throughput: toSpreads(({ perSecond }) => perSecond),
      p99: toSpreads(({ p99Ms }) => p99Ms),
      cpu: toSpreads(({ cpuMs }) => cpuMs),
      memory: after.memoryBytes / beside.memoryBytes,
      bytesPerRun: (after.diskBytes - before.diskBytes) / (after.runs - before.runs),
    },
    pairs,
  };
}

const toColumn = (value: number | undefined, digits = 2): string =>
  (value === undefined ? '' : value.toFixed(digits)).padStart(9);
const toHead = (text: string): string => text.padStart(9);

function toRowLine({ label, throughput, cpu, p99, memory, bytesPerRun }: Row): string {
  const shares = levels.map((level) => toColumn(throughput[level]?.median)).join('');
  const others = [cpu, p99].map((ratios) => toColumn(ratios[comparedLevel]?.median)).join('');
  return `  ${label.padEnd(40)}${shares}${others}${toColumn(memory)}${toColumn(bytesPerRun, 0)}`;
}

export function toTable(rows: Rows, leftOut: ReadonlyMap<string, string>): string[] {
  const heads = [...levels.map((level) => `${level}`), 'CPU', 'p99', 'memory', 'bytes'];
  return [
    `Four calls a run, in ratio to the textbook loop beside it; CPU, p99 at ${comparedLevel} at a time; bytes on disk a run:`,
    `  ${'runs at a time'.padEnd(40)}${heads.map(toHead).join('')}`,
    ...Object.values(rows).map(toRowLine),
    ...[...leftOut].map(([label, why]) => `  ${label.padEnd(40)} left out: ${why}`),
    'Versions:',
    ...Object.values(rows).map(({ label, version }) => `  ${label.padEnd(40)} ${version}`),
  ];
}

async function runFull(isLanding: boolean): Promise<BenchReport> {
  installRivals();
  const least = toLeast(readLanded());
  await using cleanup = new AsyncDisposableStack();
  const arena = await openArena(cleanup);
  const textbook = await arena.start(reference);
  cleanup.defer(() => textbook.end());
  await textbook.load(comparedLevel, full.warmSeconds);
  const rows: Record<string, Row> = {};
  const leftOut = new Map<string, string>();
  const absolute: Record<string, unknown> = {};
  for (const name of Object.keys(contestants).filter(isContestant)) {
    if (name === reference || contestants[name].isHost) continue;
    try {
      const contestant = await arena.start(name);
      try {
        const { row, pairs } = await measure(name, contestant, textbook);
        rows[name] = row;
        absolute[name] = Object.fromEntries(
          [...pairs].map(([level, all]) => [level, toMedians(all)]),
        );
      } finally {
        await contestant.end();
      }
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      leftOut.set(contestants[name].label, why);
      console.error(`  ${contestants[name].label} is left out: ${why}`);
    }
  }
  if (isLanding) {
    const landed = writeLanded({ rows });
    drawRivals(landed);
    writePage(landed);
  }
  const aims = listAims(rows);
  return {
    holds: (rows.engine?.throughput[comparedLevel]?.median ?? 0) >= least,
    figures: { rows, leftOut: Object.fromEntries(leftOut), aims, absolute },
    lines: [...toTable(rows, leftOut), 'Aims:', ...aims.map(toAimLine)],
  };
}

/** Figures of this machine alone, for readers of the JSON. */
function toMedians(pairs: readonly Pair[]): Load {
  const middle = (read: (load: Load) => number) => toSpread(pairs.map(([of]) => read(of))).median;
  return {
    perSecond: middle(({ perSecond }) => perSecond),
    cpuMs: middle(({ cpuMs }) => cpuMs),
    ownCpuMs: middle(({ ownCpuMs }) => ownCpuMs),
    p99Ms: middle(({ p99Ms }) => p99Ms),
  };
}

/** Adds rounds until it is plain whether too much was lost, up to a limit. */
export function toQuickReport(shares: readonly number[], least: number): BenchReport {
  const share = toSpread(shares);
  const isLost = share.median < least && isDecided(shares, least);
  return {
    holds: !isLost,
    figures: { share, least, rounds: shares.length },
    lines: [
      `Baton’s engine, ${comparedLevel} at a time: ${toText(share)} times the textbook loop in ${shares.length} pairs of rounds; ${isLost ? 'NOT ' : ''}at least ${least.toFixed(2)}, 15 % below what was landed`,
    ],
  };
}

async function runQuick(): Promise<BenchReport> {
  const least = toLeast(readLanded());
  await using cleanup = new AsyncDisposableStack();
  const arena = await openArena(cleanup);
  const [engine, textbook] = [await arena.start('engine'), await arena.start(reference)];
  cleanup.defer(() => Promise.all([engine.end(), textbook.end()]).then(() => {}));
  for (const one of [engine, textbook]) await one.load(comparedLevel, quick.warmSeconds);
  const isEnough = (pairs: readonly Pair[]): boolean =>
    pairs.length >= quick.pairsMax ||
    (pairs.length >= quick.pairsMin && isDecided(toShares(pairs), least));
  const pairs = await runPairs(
    isEnough,
    () => engine.load(comparedLevel, quick.seconds),
    () => textbook.load(comparedLevel, quick.seconds),
  );
  return toQuickReport(toShares(pairs), least);
}

export const benchRivals: Bench = ({ isQuick, isLanding }) =>
  isQuick ? runQuick() : runFull(isLanding);
