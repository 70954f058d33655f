/**
 * What orders cost that ended long ago: two orchestrators, one of them with a past, are killed, taken over and started
 * again in turns. Requests to both take no longer with the past than without it.
 */
import { rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { createFastFolder } from '@baton/e2e/folder';
import type { Bench } from './bench-report.ts';
import type { HistoryTask } from './history-task.ts';
import { type MeasuredProcess, startProcess } from './measured-process.ts';
import { runPairs, type Spread, toSpread, toText } from './ratio.ts';

const ratioMax = 1.2;
const bytesMax = 1_500;
const program = new URL('./history-process.ts', import.meta.url);

const names = ['takeOverMs', 'startMs', 'orderMs', 'listMs', 'auditMs'] as const;
type Round = Readonly<Record<(typeof names)[number], number>>;
type Program = MeasuredProcess<HistoryTask>;

/** An orchestrator on a journal, with its standby. */
class Seat {
  readonly path: string;
  #holder: Program;

  private constructor(path: string, holder: Program) {
    this.path = path;
    this.#holder = holder;
  }

  static async open(path: string): Promise<Seat> {
    const holder = await begin(path);
    await holder.run({ await: 'serving' }, ['startMs']);
    return new Seat(path, holder);
  }

  ask(fill: number) {
    return this.#holder.run({ fill }, ['auditMs', 'orderMs', 'listMs']);
  }

  async measure(): Promise<Round> {
    const standby = await begin(this.path);
    await standby.run({ await: 'waiting' }, []);
    const taken = standby.run({ await: 'serving' }, ['startMs']);
    const killedMs = performance.now();
    await this.kill();
    await taken;
    const takeOverMs = performance.now() - killedMs;
    await standby.kill();
    this.#holder = await begin(this.path);
    const { startMs } = await this.#holder.run({ await: 'serving' }, ['startMs']);
    return { takeOverMs, startMs, ...(await this.ask(0)) };
  }

  kill(): Promise<void> {
    return this.#holder.kill();
  }
}

const begin = (path: string): Promise<Program> => startProcess(program, { given: { path } });

export const benchHistory: Bench = async ({ isQuick, orders }) => {
  await using cleanup = new AsyncDisposableStack();
  // In memory: waiting for a disk would hide the cost of a past.
  const folder = createFastFolder('history');
  cleanup.defer(() => rmSync(folder, { recursive: true }));
  const open = async (name: string): Promise<Seat> => {
    const seat = await Seat.open(join(folder, name, 'journal.sqlite'));
    cleanup.defer(() => seat.kill());
    return seat;
  };
  const [past, empty] = [await open('past'), await open('empty')];
  await past.ask(orders);
  await empty.ask(1);
  const enough = isQuick ? 3 : 11;
  const pairs = await runPairs(
    ({ length }) => length >= enough,
    () => past.measure(),
    () => empty.measure(),
  );
  const bytes = statSync(past.path).size / orders;
  const figures = Object.fromEntries(
    names.map((name) => {
      const spreads = [0, 1].map((side) => toSpread(pairs.map((pair) => pair[side]?.[name] ?? 0)));
      const ratio = toSpread(pairs.map(([long, none]) => long[name] / none[name]));
      return [name, { past: spreads[0]?.median, empty: spreads[1]?.median, ratio }];
    }),
  );
  const isAlike = ({ median }: Spread): boolean => median <= ratioMax;
  const toLine = (name: string): string => {
    const { ratio, past: with_ = 0, empty: without = 0 } = figures[name] ?? {};
    const verdict = ratio && isAlike(ratio) ? 'at most' : 'NOT at most';
    return `  ${name.padEnd(12)}${ratio && toText(ratio)}; ${verdict} ${ratioMax}: ${with_.toFixed(1)} ms beside ${without.toFixed(1)} ms`;
  };
  return {
    holds: Object.values(figures).every(({ ratio }) => isAlike(ratio)) && bytes <= bytesMax,
    figures: { orders, bytes, ...figures },
    lines: [
      `With ${orders} orders that have ended, ${bytes.toFixed(0)} bytes of journal each, times as long as with none:`,
      ...names.map(toLine),
    ],
  };
};
