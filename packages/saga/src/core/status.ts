import type { RunState, WayState } from './state.ts';

export const statuses = [
  'accepted',
  'running',
  'compensating',
  'stuck',
  'completed',
  'compensated',
] as const;
export type Status = (typeof statuses)[number];

export function toStatus(state: RunState): Status {
  if (state.isQuarantined && !isSettled(state)) return 'stuck';
  if (state.phase === 'forward') return state.seq === 1 ? 'accepted' : 'running';
  if (state.phase !== 'compensating') return state.phase;
  const isOwed = ({ undo, writtenOff }: WayState): boolean =>
    undo.exhausted && !undo.done && writtenOff === null;
  return Object.values(state.ways).some(isOwed) ? 'stuck' : 'compensating';
}

export const isSettled = ({ phase }: Pick<RunState, 'phase'>): boolean =>
  phase === 'completed' || phase === 'compensated';
