import { inspect } from 'node:util';
import type { Thrown } from '../run/perform.ts';

/** Throws outside of its finder, so that an uncaught bug ends the process and breaks nothing before. */
export const throwAgain = (error: unknown): void =>
  queueMicrotask(() => {
    throw error;
  });

/** What a step threw, for a person to read. */
export function printError(error: unknown, { run, step, attempt }: Thrown): void {
  process.stderr.write(`${run}: ${step}, attempt ${attempt}, threw: ${inspect(error)}\n`);
}
