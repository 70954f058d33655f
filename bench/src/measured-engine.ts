/** An engine in a process of its own, and its commands. */
import { z } from 'zod';
import { type MeasuredProcess, startProcess } from './measured-process.ts';

export const EngineGiven = z.object({
  /** The journal's file. */
  path: z.string(),
  /** In milliseconds since the epoch. */
  spawnedAt: z.number(),
  /** From now on, the participant that was down answers. */
  isBack: z.boolean(),
  openMax: z.number(),
});
type EngineGiven = z.output<typeof EngineGiven>;

export const EngineTask = z.discriminatedUnion('type', [
  z.object({ type: z.literal('park'), orders: z.number() }),
  z.object({ type: z.literal('load'), seconds: z.number() }),
  z.object({ type: z.literal('watch'), seconds: z.number() }),
  z.object({ type: z.literal('collect') }),
]);
export type EngineTask = z.output<typeof EngineTask>;

export type MeasuredEngine = MeasuredProcess<EngineTask>;

export const startEngine = (options: Omit<EngineGiven, 'spawnedAt'>): Promise<MeasuredEngine> =>
  startProcess(new URL('./engine-process.ts', import.meta.url), {
    given: { ...options, spawnedAt: Date.now() },
    // Some collections would drop megabytes of unused code, and others would not.
    execArgv: ['--expose-gc', '--no-flush-bytecode'],
  });
