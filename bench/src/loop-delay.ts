/** How late a program's event loop is: loaded into the program first, which measures, and read by the bench. */
import { appendFileSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { isMainThread } from 'node:worker_threads';
import { z } from 'zod';

const windowMs = 250;

const Window = z.object({ at: z.number(), p50Ms: z.number(), p99Ms: z.number() });
export type Window = z.output<typeof Window>;

const toPath = (folder: string, app: string): string => join(folder, `${app}.loop`);

/** The delays of the app in this folder, by windows that ended between the two times. */
export const readWindows = (folder: string, app: string, from: number, to: number): Window[] =>
  readFileSync(toPath(folder, app), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => Window.parse(JSON.parse(line)))
    .filter(({ at }) => at > from + windowMs && at <= to);

function watchLoop(folder: string): void {
  const delays = monitorEventLoopDelay({ resolution: 1 });
  delays.enable();
  const path = toPath(folder, basename(process.cwd()));
  setInterval(() => {
    const toMs = (share: number): number => delays.percentile(share) / 1e6;
    const window: Window = { at: Date.now(), p50Ms: toMs(50), p99Ms: toMs(99) };
    appendFileSync(path, `${JSON.stringify(window)}\n`);
    delays.reset();
  }, windowMs).unref();
}

const { LOOP_DELAY_FOLDER: folder } = process.env;
if (folder && isMainThread) watchLoop(folder);
