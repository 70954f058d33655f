import type { ParticipantView } from '@baton/saga';

/** `due`: open, and its time is over, but no order waits there: the next order probes it. */
type BreakerWord = ParticipantView['breaker'] | 'due';

type Shown = Pick<ParticipantView, 'breaker' | 'nextTryAt' | 'parked' | 'waiting'>;

/** The engine sends no probe of its own: without an order, an open breaker stays as it is. */
export function toBreakerWord(shown: Shown, nowMs: number): BreakerWord {
  const isOver = shown.nextTryAt !== null && shown.nextTryAt <= nowMs;
  const isWanted = shown.parked + shown.waiting > 0;
  return shown.breaker === 'open' && isOver && !isWanted ? 'due' : shown.breaker;
}
