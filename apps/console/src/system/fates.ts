/** What became of the runs that were open when a process was killed: the proof that none was lost. Pure. */
import type { Audit, RunStatus } from '@baton/contracts';
import { isSettled, type Tone } from '../words.ts';

/** `lost`: the orchestrator knows no such run any more. */
export type Standing = RunStatus | 'lost' | undefined;

export interface Fates {
  readonly completed: number;
  readonly undone: number;
  readonly stillOpen: number;
  readonly lost: number;
}

const isOver = (standing: Standing): boolean =>
  standing === 'lost' || (standing !== undefined && isSettled(standing));

/** Runs that are not over, as far as the page has heard: the orchestrator knows better. */
export const listUnsure = (
  ids: readonly string[],
  find: (id: string) => Standing,
): readonly string[] => ids.filter((id) => !isOver(find(id)));

/** Counts each run once: the sum is the number of runs that were open. */
export function countFates(ids: readonly string[], find: (id: string) => Standing): Fates {
  const fates = { completed: 0, undone: 0, stillOpen: 0, lost: 0 };
  for (const id of ids) fates[toFate(find(id))] += 1;
  return fates;
}

function toFate(standing: Standing): keyof Fates {
  if (!isOver(standing)) return 'stillOpen';
  if (standing === 'lost') return 'lost';
  return standing === 'completed' ? 'completed' : 'undone';
}

/**
 * A write-off is explained, so books add up with it, though they do not balance. Where a participant did not answer,
 * half of the books is missing, and the other half says nothing.
 */
export function judgeBooks({ unreachable, money, stock }: Audit): readonly [word: string, Tone] {
  if (unreachable.length > 0) return [`no answer from ${unreachable.join(', ')}`, 'wait'];
  const isExplained = [...money, ...stock].every(({ unexplained }) => unexplained === 0);
  const isWhole = stock.every(({ onHand, free, held }) => onHand === free + held && free >= 0);
  return isExplained && isWhole ? ['✓ add up', 'good'] : ['✗ do not add up', 'bad'];
}
