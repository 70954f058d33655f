import { inspect } from 'node:util';
import type { Thrown } from '../run/perform.ts';

/** Throws outside of its finder, so that an uncaught bug ends the process and breaks nothing before. */
export const throwAgain = (error: unknown): void =>
  queueMicrotask(() => {
    throw error;
  });

export type Guard = (work: () => unknown) => void;

/** Runs the code of others at once. Neither its throw nor a promise of its that is rejected harms a run. */
export const createGuard =
  (onBug: (error: unknown) => void): Guard =>
  (work) =>
    void new Promise((resolve) => resolve(work())).catch(onBug);

/** What a step threw, for a person to read. Its text may be a stranger's: it commands no terminal and forges no line. */
export function printError(error: unknown, { run, step, attempt }: Thrown): void {
  const toShown = (part: string): string =>
    part === '\n' ? '\n  ' : `\\u{${part.codePointAt(0)?.toString(16)}}`;
  const told = inspect(error).replaceAll(/\p{C}/gu, toShown);
  process.stderr.write(`${run}: ${step}, attempt ${attempt}, threw: ${told}\n`);
}
