/** Orders that take too long or cannot be ended, and the choice of those to be tried again. */
import {
  decide,
  type Engine,
  type RunState,
  type RunSummary,
  readWay,
  type Saga,
} from '@baton/saga';
import { findDefinition } from '../order/definition.ts';
import type { ObservedOrder, ObservedOrders } from './watchdog-observation.ts';
import { eachMax } from './watchdog-order-rules.ts';

/** Counting ends here. */
const countMax = 1_000;
/** Tried again in one look: each is a call to somebody who may have trouble enough. */
const retriesMax = 20;
/** Between two retries of one order, which are ever rarer: each is an event that is kept. */
const restMaxMs = 3_600_000;
/** Between two looks at what is owed, where a participant answers now and then. */
const healedEveryMs = 60_000;

export interface OrdersWatch {
  look(): { readonly overdue: ObservedOrders; readonly stuck: ObservedOrders };
  /**
   * Those to be tried again now: each that is overdue at once, then ever more rarely; and what is owed when a
   * participant answers again.
   */
  takeDue(isHealed: boolean): readonly string[];
}

export interface OrdersWatchOptions {
  readonly engine: Pick<Engine, 'readState' | 'gates' | 'list' | 'journal'>;
  readonly sagas: readonly Saga<unknown>[];
  readonly now: () => number;
  /** Open for longer than this is too long. */
  readonly olderThanMs: number;
}

interface Retried {
  readonly lookedAt: number;
  readonly count: number;
}

export function createOrdersWatch(options: OrdersWatchOptions): OrdersWatch {
  const { engine, sagas, now, olderThanMs } = options;
  const read = (id: string): Order | undefined => {
    const state = engine.readState(id);
    return state && toOrder(id, findDefinition(sagas, state), state, now());
  };
  const known = new Map<string, Retried>();
  let isOwedDue = false;
  let owedAt = Number.NEGATIVE_INFINITY;
  const takeOwed = (isHealed: boolean): readonly RunSummary[] => {
    isOwedDue ||= isHealed;
    if (!isOwedDue || now() - owedAt < healedEveryMs) return [];
    isOwedDue = false;
    owedAt = now();
    return engine.list({ status: 'stuck', limit: retriesMax });
  };
  const observe = (runs: readonly RunSummary[]): ObservedOrders => ({
    orders: runs.slice(0, eachMax + 1).flatMap(({ id }) => {
      const order = read(id);
      return order ? [toObserved(order, known.get(id)?.count ?? 0)] : [];
    }),
    count: runs.length,
    isMore: runs.length >= countMax,
  });
  const readOverdue = (): RunSummary[] => {
    const isOverdue = ({ acceptedAt }: RunSummary): boolean => acceptedAt < now() - olderThanMs;
    // Mostly the oldest is young, and then so are all the others.
    return engine.journal.listOldest(1).some(isOverdue)
      ? engine.journal.listOldest(countMax).filter(isOverdue)
      : [];
  };
  return {
    look: () => ({
      overdue: observe(readOverdue()),
      stuck: observe(engine.list({ status: 'stuck', limit: countMax }).toReversed()),
    }),
    takeDue: (isHealed) => {
      const overdue = readOverdue();
      const ids = new Set(overdue.map(({ id }) => id));
      for (const id of known.keys()) if (!ids.has(id)) known.delete(id);
      const isRested = (id: string): boolean => {
        const { lookedAt, count } = known.get(id) ?? unknown;
        return now() - lookedAt >= Math.min(restMaxMs, olderThanMs * 2 ** count);
      };
      const owed = takeOwed(isHealed);
      const shut = new Set(
        engine.gates().flatMap((gate) => (gate.breaker === 'closed' ? [] : [gate.participant])),
      );
      const isShut = (participant: string): boolean => shut.has(participant);
      const rested = [...ids].filter(isRested).slice(0, retriesMax);
      return [...new Set([...owed.map(({ id }) => id), ...rested])].filter((id) => {
        const order = read(id);
        const isDue = order !== undefined && canBeHastened(order, isShut);
        const count = (known.get(id)?.count ?? 0) + (isDue ? 1 : 0);
        known.set(id, { lookedAt: now(), count });
        return isDue;
      });
    },
  };
}

const unknown: Retried = { lookedAt: Number.NEGATIVE_INFINITY, count: 0 };

interface Order {
  readonly id: string;
  readonly saga: Saga<unknown> | null;
  readonly state: RunState;
  /** What would happen next if nobody held it up: its history is not read for this, nor what is in flight. */
  readonly next: ReturnType<typeof decide> | null;
}

const toOrder = (id: string, saga: Saga<unknown> | null, state: RunState, now: number): Order => ({
  id,
  saga,
  state,
  next: saga && decide(saga, state, now),
});

/** One that waits for a breaker goes on by itself, and to try it would hasten the breaker; what was set aside is an operator's. */
function canBeHastened({ state, next }: Order, isShut: (participant: string) => boolean): boolean {
  // What would be called now is being called, or waits for a breaker or a place.
  if (next?.type !== 'wait' || isShut(next.way.participant)) return false;
  const { way, direction } = next;
  return !(direction === 'undo' ? hasParkedUndo(state) : readWay(state, way.name).isParked);
}

const hasParkedUndo = ({ ways }: RunState): boolean =>
  Object.values(ways).some(({ undo, writtenOff }) => undo.isParked && !undo.done && !writtenOff);

function toObserved(order: Order, retries: number): ObservedOrder {
  const { id, state, saga } = order;
  const goesOn = saga !== null && !state.isQuarantined;
  return { id, acceptedAt: state.acceptedAt, waitsFor: toWords(order), goesOn, retries };
}

function toWords({ state, saga, next }: Order): string {
  if (saga === null) return 'follows a definition that is not known here';
  if (state.isQuarantined) return 'crashed its orchestrator too often';
  if (next === null || !('way' in next)) return 'is about to go on';
  const { name, participant } = next.way;
  return `waits for ${participant} (${next.direction === 'undo' ? 'to undo ' : ''}${name})`;
}
