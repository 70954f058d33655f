import type { ParticipantView } from '@baton/saga';

/** `due`: open, and its time is over, but nobody waits there: the next order probes it. */
type BreakerWord = ParticipantView['breaker'] | 'due';

type Shown = Pick<ParticipantView, 'breaker' | 'nextTryAt' | 'parked' | 'waiting'>;

/** The engine sends no probe of its own: without an order, an open breaker stays as it is. */
export function toBreakerWord(gate: Shown, nowMs: number): BreakerWord {
  const isOver = gate.nextTryAt !== null && gate.nextTryAt <= nowMs;
  const isWanted = gate.parked + gate.waiting > 0;
  return gate.breaker === 'open' && isOver && !isWanted ? 'due' : gate.breaker;
}
