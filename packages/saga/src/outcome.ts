// What an attempt's reply means for the run, as an event. Pure: randomness and times are arguments.
import type { Happening } from './event.ts';
import { type Tries, toDelayMs } from './policy.ts';
import type { Reply } from './reply.ts';
import type { WayState } from './state.ts';

interface Outcome {
  readonly tried: { readonly way: string; readonly attempt: number; readonly startedAt: number };
  readonly reply: Reply<unknown>;
  readonly endedAt: number;
  readonly before: WayState;
  readonly tries: Tries;
  /** In [0, 1). */
  readonly random: number;
}

export function toStepEvent({ tried, reply, endedAt, before, tries, random }: Outcome): Happening {
  if (reply.reply === 'ok') return { type: 'step-succeeded', ...tried, output: reply.output };
  if (reply.reply === 'refused') return { type: 'step-refused', ...tried, code: reply.code };
  const misses = before.failures + before.unsents + 1;
  const delayMs = toDelayMs(tries, misses, reply.retryAfterMs ?? 0, random);
  const failed = { ...tried, code: reply.code, retryAt: endedAt + delayMs };
  if (reply.reply === 'unsent') return { type: 'step-unsent', ...failed };
  return { type: 'step-unknown', ...failed, ...(reply.retriable === false && { final: true }) };
}

/** A refused undo, and one out of attempts, is owed all the same: it goes on at the longest delay. */
export function toUndoEvent(outcome: Outcome): Happening {
  const { tried, reply, endedAt, tries } = outcome;
  if (reply.reply === 'ok') return { type: 'undo-succeeded', ...tried };
  const exhausted = isExhausted(outcome);
  const delayMs = exhausted ? tries.delayMaxMs : toUndoDelayMs(outcome);
  const failed = { ...tried, code: reply.code, retryAt: endedAt + delayMs, exhausted };
  return { type: `undo-${reply.reply}`, ...failed };
}

function isExhausted({ reply, before, tries }: Outcome): boolean {
  if (before.undo.exhausted || reply.reply === 'refused') return true;
  if (reply.reply !== 'unknown') return false;
  return reply.retriable === false || before.undo.failures + 1 >= tries.attemptsMax;
}

function toUndoDelayMs({ reply, before, tries, random }: Outcome): number {
  const misses = before.undo.failures + before.undo.unsents + 1;
  return toDelayMs(tries, misses, 'retryAfterMs' in reply ? (reply.retryAfterMs ?? 0) : 0, random);
}
