/** A contestant, started with participants that do nothing, and its commands. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { type MeasuredProcess, startProcess } from '../measured-process.ts';
import type { ContestantName } from './contestants.ts';

export const ContestantTask = z.discriminatedUnion('type', [
  z.object({ type: z.literal('load'), atOnce: z.number(), seconds: z.number() }),
  z.object({ type: z.literal('weigh') }),
]);
type ContestantTask = z.output<typeof ContestantTask>;

const Opened = z.object({
  /** Why it cannot be measured here. */
  lacks: z.string().nullable(),
  version: z.string(),
});
export type Opened = z.output<typeof Opened>;

export interface MeasuredContestant {
  readonly version: string;
  load(atOnce: number, seconds: number): Promise<Load>;
  weigh(): Promise<Weight>;
  end(): Promise<void>;
}
export interface Load {
  readonly perSecond: number;
  /** Processor time for a run, without the participants. */
  readonly cpuMs: number;
  /** Processor time of the contestant's own process alone. */
  readonly ownCpuMs: number;
  readonly p99Ms: number;
}
export interface Weight {
  readonly runs: number;
  readonly diskBytes: number;
  readonly memoryBytes: number;
}

/** Throws where a needed program is missing. */
export async function startContestant(
  contestant: ContestantName,
  { parent, participantsUrl }: { readonly parent: string; readonly participantsUrl: string },
): Promise<MeasuredContestant> {
  const folder = join(parent, contestant);
  mkdirSync(folder);
  const process: MeasuredProcess<ContestantTask> = await startProcess(
    new URL('./contestant-process.ts', import.meta.url),
    { given: { contestant, participantsUrl, folder } },
  );
  const { lacks, version } = Opened.parse(process.ready);
  if (lacks !== null) {
    await process.end();
    throw new Error(lacks);
  }
  return {
    version,
    load: (atOnce, seconds) =>
      process.run({ type: 'load', atOnce, seconds }, ['perSecond', 'cpuMs', 'ownCpuMs', 'p99Ms']),
    weigh: () => process.run({ type: 'weigh' }, ['runs', 'diskBytes', 'memoryBytes']),
    end: process.end,
  };
}

const Ready = z.object({ port: z.number() });

export async function startParticipants(): Promise<{
  readonly url: string;
  end(): Promise<void>;
}> {
  const participants = await startProcess(new URL('./participants-process.ts', import.meta.url), {
    given: {},
  });
  const { port } = Ready.parse(participants.ready);
  return { url: `http://127.0.0.1:${port}`, end: participants.end };
}
