// A run to look at, composed in one place: whoever shows a run need not decide anew what the engine decides.
import { decide, findOwed, type Passages } from './decide.ts';
import type { RunView } from './engine.ts';
import type { Event } from './event.ts';
import type { Saga } from './saga.ts';
import type { RunState } from './state.ts';

interface Viewed {
  readonly id: string;
  readonly state: RunState;
  readonly events: readonly Event[];
}
/** What only the host that moves the run knows: without it, as if nobody held the run up. */
interface Live {
  readonly attempt: RunView['attempt'];
  readonly passages: Passages;
}

/** `now` is in milliseconds since the epoch. Without its definition (`saga` is null) nobody can say what happens next. */
export function viewRun(
  saga: Saga<unknown> | null,
  { id, state, events }: Viewed,
  now: number,
  live?: Live,
): RunView {
  const isOnItsWayBack = saga !== null && state.phase === 'compensating';
  return {
    id,
    saga,
    state,
    events,
    attempt: live?.attempt ?? null,
    next: saga && decide(saga, state, now, live?.passages),
    owed: isOnItsWayBack ? findOwed(saga, state).map(({ name }) => name) : [],
  };
}
