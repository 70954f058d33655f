/** What an attempt's reply means for the run, as an event. Pure: randomness and times are arguments. */
import type { Happening } from './event.ts';
import { type Patience, type Tries, toDelayMs } from './policy.ts';
import type { Reply } from './reply.ts';
import type { TriedState, WayState } from './state.ts';

interface Outcome {
  readonly tried: { readonly way: string; readonly attempt: number; readonly startedAt: number };
  readonly reply: Reply<unknown>;
  readonly endedAt: number;
  readonly before: WayState;
  readonly tries: Tries;
  /** For a run that completed without the step: the step is tried without an end. */
  readonly isRepair: boolean;
  /** In [0, 1). */
  readonly random: number;
}

export function toStepEvent(outcome: Outcome): Happening {
  const { tried, reply, before, isRepair } = outcome;
  if (reply.reply === 'ok') return { type: 'step-succeeded', ...tried, output: reply.output };
  if (reply.reply === 'refused') return { type: 'step-refused', ...tried, code: reply.code };
  const retryAt = toRetryAt(outcome, before, isRepair ? 'endless' : 'step');
  const failed = { ...tried, code: reply.code, retryAt };
  if (reply.reply === 'unsent') return { type: 'step-unsent', ...failed };
  return { type: 'step-unknown', ...failed, ...(reply.retriable === false && { final: true }) };
}

/** An undo that is refused or out of attempts is owed all the same: the engine tries it ever more rarely. */
export function toUndoEvent(outcome: Outcome): Happening {
  const { tried, reply, before } = outcome;
  if (reply.reply === 'ok') return { type: 'undo-succeeded', ...tried };
  const exhausted = isExhausted(outcome);
  const retryAt = toRetryAt(outcome, before.undo, exhausted ? 'exhausted' : 'endless');
  return { type: `undo-${reply.reply}`, ...tried, code: reply.code, retryAt, exhausted };
}

function isExhausted({ reply, before, tries }: Outcome): boolean {
  if (before.undo.exhausted || reply.reply === 'refused') return true;
  if (reply.reply !== 'unknown') return false;
  return reply.retriable === false || before.undo.failures + 1 >= tries.attemptsMax;
}

function toRetryAt(outcome: Outcome, before: TriedState, patience: Patience): number {
  const { tries, reply, endedAt, random } = outcome;
  const misses = { ...before, failures: before.failures + 1 };
  const retryAfterMs = 'retryAfterMs' in reply ? (reply.retryAfterMs ?? 0) : 0;
  return endedAt + toDelayMs(tries, misses, { patience, retryAfterMs, random });
}
