/**
 * What a cluster of one Restate node costs, beside the embedded host on the same machine: runs whose steps answer at
 * once, and whole orders of the five apps; and the loss where each participant has one lane.
 */
import { rmSync } from 'node:fs';
import { cpus } from 'node:os';
import { createFastFolder } from '@baton/e2e/folder';
import { runPairs, type Spread, toSpread, toText } from './ratio.ts';
import type { ContestantName } from './rivals/contestants.ts';
import {
  type Load,
  type MeasuredContestant,
  startContestant,
} from './rivals/measured-contestant.ts';

const atOnce = 64;
/** With so many on their way, a run on the cluster takes seconds: a round must not be much shorter. */
const full = { pairs: 7, seconds: 6, warmSeconds: 8 };
const quick = { pairs: 3, seconds: 4, warmSeconds: 6 };
/** With less idle time, the processors are the bound. */
const idleMin = 0.1;

interface Round extends Load {
  /** The share of all processors' time that it used itself. */
  readonly used: number;
  /** The idle share. */
  readonly idle: number;
}
export interface Cost {
  /** How many times fewer runs a second than the other host. */
  readonly slowdown: Spread;
  /** How many times the processor time for a run, in all processes. */
  readonly cpu: Spread;
  readonly used: Spread;
  readonly idle: Spread;
  /** The share of processor time outside of its own process: for an engine alone, the node's. */
  readonly nodeShare: Spread;
}
export interface ClusterFigures {
  readonly runs: Cost;
  readonly orders: Cost;
  readonly oneLane: Cost;
}

const sumIdleMs = (): number => cpus().reduce((sum, { times }) => sum + times.idle, 0);

async function load(contestant: MeasuredContestant, seconds: number): Promise<Round> {
  const [idleBefore, beganMs] = [sumIdleMs(), performance.now()];
  const figures = await contestant.load(atOnce, seconds);
  const { length } = cpus();
  const idleMs = (sumIdleMs() - idleBefore) / length;
  const used = (figures.cpuMs * figures.perSecond) / 1_000 / length;
  return { ...figures, used, idle: idleMs / (performance.now() - beganMs) };
}

async function compare(
  name: ContestantName,
  other: ContestantName,
  { pairs, seconds, warmSeconds }: typeof full,
): Promise<Cost> {
  await using cleanup = new AsyncDisposableStack();
  const parent = createFastFolder('cluster-cost');
  // A node that is being killed may still write.
  cleanup.defer(() => rmSync(parent, { recursive: true, force: true, maxRetries: 10 }));
  async function start(contestant: ContestantName): Promise<MeasuredContestant> {
    const started = await startContestant(contestant, { parent, participantsUrl: '' });
    cleanup.defer(() => started.end());
    await started.load(atOnce, warmSeconds);
    return started;
  }
  const [dear, cheap] = [await start(name), await start(other)];
  const rounds = await runPairs(
    ({ length }) => length >= pairs,
    () => load(dear, seconds),
    () => load(cheap, seconds),
  );
  const slowdown = toSpread(rounds.map(([of, beside]) => beside.perSecond / of.perSecond));
  console.error(`  ${name} to ${other}: ${toText(slowdown)} times fewer a second`);
  return {
    slowdown,
    cpu: toSpread(rounds.map(([of, beside]) => of.cpuMs / beside.cpuMs)),
    used: toSpread(rounds.map(([{ used }]) => used)),
    idle: toSpread(rounds.map(([{ idle }]) => idle)),
    nodeShare: toSpread(rounds.map(([{ cpuMs, ownCpuMs }]) => 1 - ownCpuMs / cpuMs)),
  };
}

export async function measureCluster(isQuick: boolean): Promise<ClusterFigures> {
  const effort = isQuick ? quick : full;
  return {
    runs: await compare('cluster', 'alone', effort),
    orders: await compare('cluster-apps', 'apps', effort),
    oneLane: await compare('one-lane', 'cluster', effort),
  };
}

const toLine = (what: string, { slowdown, cpu }: Cost): string =>
  `  ${what.padEnd(26)}${toText(slowdown)} times fewer a second; ${toText(cpu)} times the processor time`;
const toPercent = (share: number): string => `${(share * 100).toFixed(0)} %`;

export function toClusterLines({ runs, orders, oneLane }: ClusterFigures): string[] {
  const { used, idle, nodeShare } = runs;
  return [
    `A cluster of one Restate node, to the embedded host on this machine, ${atOnce} at a time:`,
    toLine('runs of the engine alone', runs),
    toLine('orders of the five apps', orders),
    'On that cluster, one lane of each participant to several:',
    toLine('runs of the engine alone', oneLane),
    `The processors are ${idle.median < idleMin ? '' : 'NOT '}what bounds it: it uses ${toPercent(used.median)} of their time, and ${toPercent(idle.median)} is left over. Of a run's, ${toPercent(nodeShare.median)} is the node's.`,
    `Of the orders that this machine carries embedded, it carries ${toPercent(1 / orders.slowdown.median)} with the cluster.`,
  ];
}
