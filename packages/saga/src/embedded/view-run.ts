/** A run to look at, composed in one place: a program that shows a run need not decide what the engine decides. */
import { type Aim, type Command, decide, findOwed } from '../core/decide.ts';
import type { Event } from '../core/event.ts';
import type { Saga } from '../core/saga.ts';
import type { RunState } from '../core/state.ts';
import type { Lane } from '../run/lane.ts';
import type { Next, RunView } from './engine.ts';
import { findActs, noActs } from './intervention.ts';

interface Viewed {
  readonly id: string;
  readonly state: RunState;
  readonly events: readonly Event[];
  readonly attempt?: RunView['attempt'];
  /** When the process that moves the run began, for `decide`. */
  readonly bornAt?: number;
}
type Lanes = ReadonlyMap<string, Pick<Lane<never>, 'look' | 'healedAt' | 'view'>>;

/** Without its definition nobody can say what comes next. Without lanes, the run is shown as if nothing held it up. */
export function viewRun(
  saga: Saga<unknown> | null,
  { id, state, events, attempt = null, bornAt = Number.NEGATIVE_INFINITY }: Viewed,
  now: number,
  lanes: Lanes = new Map(),
): RunView {
  const isOnItsWayBack = saga !== null && state.phase === 'compensating';
  const healedAt = (participant: string): number => lanes.get(participant)?.healedAt ?? 0;
  const next = saga && toNext(decide(saga, state, now, { healedAt, bornAt }), now, lanes);
  return {
    id,
    saga,
    state,
    events,
    attempt,
    next,
    owed: isOnItsWayBack ? findOwed(saga, state).map(({ name }) => name) : [],
    acts: saga ? findActs({ id, saga, state, attempt }, next?.type === 'wait') : noActs,
  };
}

function toNext(command: Command, now: number, lanes: Lanes): Next {
  if (command.type !== 'perform') return command;
  const { aims, until } = command;
  const look = ({ way, direction }: Aim) => lanes.get(way.participant)?.look(direction) ?? null;
  const free = aims.find((aim) => look(aim) === null);
  const [first] = aims;
  if (!first) return { type: 'rest' };
  if (free) return { type: 'perform', way: free.way, direction: free.direction };
  const participants = Object.fromEntries(
    aims.map((aim) => [aim.way.participant, look(aim) === 'open' ? 'parked' : 'full'] as const),
  );
  const tries = aims.map(({ way }) => lanes.get(way.participant)?.view().nextTryAt ?? now);
  const held = { participants, tryAt: Math.max(now, Math.min(...tries)) };
  return { type: 'wait', way: first.way, direction: first.direction, until, held };
}
