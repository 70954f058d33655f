import type { Event, Happening } from './event.ts';
import { evolve, type RunState } from './state.ts';

/**
 * What happened, numbered and timed, and the state after it. The only place where events get both. No event lies before
 * its predecessor, also where the clock was set back in between.
 */
export function extend(state: RunState | null, happenings: readonly Happening[], now: number) {
  const first = (state?.seq ?? 0) + 1;
  const at = Math.max(now, state?.at ?? 0);
  const events = happenings.map((happening, i): Event => ({ ...happening, seq: first + i, at }));
  return { events, after: events.reduce<RunState | null>(evolve, state) };
}

/** Folds a run's events in order. Throws when they do not begin with `accepted` or leave a gap: then the journal is damaged. */
export function replay(events: Iterable<Event>): RunState {
  let state: RunState | null = null;
  for (const event of events) state = evolve(state, event);
  if (!state) throw new Error('a run without events');
  return state;
}

/** Undefined where `replay` would throw. */
export function tryReplay(events: readonly Event[]): RunState | undefined {
  try {
    return replay(events);
  } catch {
    return undefined;
  }
}
