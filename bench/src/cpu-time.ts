/** The processor time that processes took so far, from Linux's /proc. */
import { readFileSync } from 'node:fs';

/** Linux counts in these units for every program. */
const ticksPerSecond = 100;
/** Places after the name, which is in brackets and may hold anything. */
const user = 11;
const system = 12;
const endedUser = 13;
const endedSystem = 14;

function sumFields(line: string, places: readonly number[]): number {
  const fields = line.slice(line.lastIndexOf(')') + 2).split(' ');
  return places.reduce((ticks, place) => ticks + Number(fields[place] ?? 0), 0) / ticksPerSecond;
}

/** Of one line of /proc/PID/stat, in seconds. */
export const readCpuSeconds = (line: string): number => sumFields(line, [user, system]);

/** Includes ended child processes, and theirs. */
export const readTreeSeconds = (line: string): number =>
  sumFields(line, [user, system, endedUser, endedSystem]);

/** NaN where there is no /proc. */
export function sumCpuSeconds(pids: readonly number[]): number {
  try {
    const lines = pids.map((pid) => readFileSync(`/proc/${pid}/stat`, 'utf8'));
    return lines.reduce((sum, line) => sum + readCpuSeconds(line), 0);
  } catch {
    return Number.NaN;
  }
}
