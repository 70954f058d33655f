/** A blow to the cluster while orders are under way, and the silence after it. */
import { setTimeout as delay } from 'node:timers/promises';
import { readRows } from '../src/books.ts';
import { projection } from './cluster.ts';

export interface Struck {
  /** Orders that were under way. */
  readonly open: number;
  /** The longest time without an event at a replica, in milliseconds. */
  readonly silenceMs: number;
  /** In milliseconds since the epoch. */
  readonly window: readonly [began: number, end: number];
}

const watchMs = 12_000;

export async function hit(dataDir: string, strike: () => void | Promise<void>): Promise<Struck> {
  const open = countOpen(dataDir);
  const beganMs = Date.now();
  await strike();
  const until = performance.now() + watchMs;
  let seen = countEvents(dataDir);
  let sinceMs = performance.now();
  let silenceMs = 0;
  while (performance.now() < until) {
    await delay(50);
    const now = countEvents(dataDir);
    silenceMs = Math.max(silenceMs, performance.now() - sinceMs);
    if (now > seen) sinceMs = performance.now();
    seen = Math.max(now, seen);
  }
  return { open, silenceMs, window: [beganMs, Date.now()] };
}

/** The longest time in which no order moved, by the times of the events; in milliseconds, when all of them are known. */
export function measureStill(dataDir: string, [beganMs, endMs]: Struck['window']): number {
  const sql = `SELECT event ->> 'at' AS at FROM events WHERE at BETWEEN ${beganMs} AND ${endMs} ORDER BY at`;
  const seen = readRows(dataDir, projection, sql).map(({ at }) => Number(at));
  const times = [beganMs, ...seen, endMs];
  return Math.max(0, ...times.slice(1).map((at, i) => at - (times[i] ?? at)));
}

export const countOpen = (dataDir: string): number =>
  count(dataDir, 'SELECT count(*) AS n FROM runs WHERE settled_at IS NULL');
const countEvents = (dataDir: string): number =>
  count(dataDir, 'SELECT coalesce(max(position), 0) AS n FROM events');

/** 0 while the process that writes the file comes back. */
function count(dataDir: string, sql: string): number {
  try {
    return Number(readRows(dataDir, projection, sql)[0]?.n);
  } catch {
    return 0;
  }
}
