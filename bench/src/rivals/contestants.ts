/** The contestants, in the order of the table; all are compared with the first. */

import { openOwnTransport, openUndici } from './bare-loops.ts';
import { openCluster, openClusterApps, openOneLane } from './baton-cluster.ts';
import { openBaton, openBatonAlone } from './baton-engine.ts';
import { openPostgresLoop, openSqliteLoop } from './commit-loops.ts';
import type { Open } from './contestant.ts';
import { openDbos } from './dbos.ts';
import { openFiveApps } from './five-apps.ts';
import { openOpenWorkflow } from './open-workflow.ts';
import { openRestate } from './restate.ts';
import { openTemporal } from './temporal.ts';
import { openTextbook } from './textbook-loop.ts';

interface Entry {
  readonly label: string;
  readonly open: Open;
  /** Results are on disk, and survive a crash. */
  readonly isDurable: boolean;
  readonly isBaton?: boolean;
  /** The contestant has packages of its own. */
  readonly isForeign?: boolean;
  /** Only the scale bench compares it, with the embedded host; it has no row in the table. */
  readonly isHost?: boolean;
}

const define = <K extends string>(entries: Readonly<Record<K, Entry>>) => entries;

export const contestants = define({
  textbook: { label: 'textbook loop', open: openTextbook, isDurable: false },
  transport: {
    label: 'loop on Baton’s transport',
    open: openOwnTransport,
    isDurable: false,
  },
  undici: { label: 'loop on undici', open: openUndici, isDurable: false },
  engine: { label: 'Baton’s engine', open: openBaton, isDurable: true, isBaton: true },
  alone: {
    label: 'Baton’s engine alone',
    open: openBatonAlone,
    isDurable: true,
    isBaton: true,
  },
  apps: { label: 'Baton’s five apps', open: openFiveApps, isDurable: true, isBaton: true },
  sqlite: { label: 'loop with SQLite', open: openSqliteLoop, isDurable: true },
  postgres: {
    label: 'loop with PostgreSQL',
    open: openPostgresLoop,
    isDurable: true,
    isForeign: true,
  },
  restate: { label: 'Restate', open: openRestate, isDurable: true },
  dbos: { label: 'DBOS', open: openDbos, isDurable: true, isForeign: true },
  openworkflow: {
    label: 'OpenWorkflow',
    open: openOpenWorkflow,
    isDurable: true,
    isForeign: true,
  },
  temporal: {
    label: 'Temporal',
    open: openTemporal,
    isDurable: true,
    isForeign: true,
  },
  cluster: {
    label: 'Baton’s engine alone, cluster',
    open: openCluster,
    isDurable: true,
    isHost: true,
  },
  'one-lane': { label: 'the same, one lane', open: openOneLane, isDurable: true, isHost: true },
  'cluster-apps': {
    label: 'Baton’s five apps, cluster',
    open: openClusterApps,
    isDurable: true,
    isHost: true,
  },
});
export type ContestantName = keyof typeof contestants;

export const isContestant = (name: string): name is ContestantName =>
  Object.hasOwn(contestants, name);
