/** A process with its descendants, from Linux. Processes that end during the look are left out. */
import { readdirSync, readFileSync } from 'node:fs';
import { readTreeSeconds } from './cpu-time.ts';

function readProcess(path: string): string {
  try {
    return readFileSync(`/proc/${path}`, 'utf8');
  } catch {
    return '';
  }
}

function listTasks(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/task`);
  } catch {
    return [];
  }
}

const readChildren = (pid: number): number[] =>
  listTasks(pid).flatMap((task) =>
    [...readProcess(`${pid}/task/${task}/children`).matchAll(/\d+/g)].map(Number),
  );

/** All descendants, however deep. */
export const listDescendants = (pid: number): number[] =>
  readChildren(pid).flatMap((child) => [child, ...listDescendants(child)]);

const sum = (values: readonly number[]): number =>
  values.reduce((total, value) => total + value, 0);

/** In bytes. A page that several processes share is counted once. */
export const sumMemoryBytes = (pids: readonly number[]): number =>
  sum(
    pids.map((pid) => {
      const kilobytes = /^Pss:\s+(\d+) kB$/m.exec(readProcess(`${pid}/smaps_rollup`))?.[1];
      return Number(kilobytes ?? 0) * 1024;
    }),
  );

/** The processor time so far, with that of ended child processes: databases end workers. */
export const sumTreeSeconds = (pids: readonly number[]): number =>
  sum(pids.map((pid) => readTreeSeconds(readProcess(`${pid}/stat`))));
