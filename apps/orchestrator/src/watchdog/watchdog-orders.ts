/** Orders that take too long or cannot be ended, and the choice of those to be tried again. */
import type { Command, Engine, RunSummary, RunView } from '@baton/saga';
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
  readonly engine: Pick<Engine, 'read' | 'list' | 'journal'>;
  readonly now: () => number;
  /** Open for longer than this is too long. */
  readonly olderThanMs: number;
}

interface Retried {
  readonly lookedAt: number;
  readonly count: number;
}

export function createOrdersWatch({ engine, now, olderThanMs }: OrdersWatchOptions): OrdersWatch {
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
      const run = engine.read(id);
      return run ? [toObserved(run, known.get(id)?.count ?? 0)] : [];
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
      const rested = [...ids].filter(isRested).slice(0, retriesMax);
      return [...new Set([...owed.map(({ id }) => id), ...rested])].filter((id) => {
        const run = engine.read(id);
        const isDue = run !== undefined && canBeHastened(run);
        const count = (known.get(id)?.count ?? 0) + (isDue ? 1 : 0);
        known.set(id, { lookedAt: now(), count });
        return isDue;
      });
    },
  };
}

const unknown: Retried = { lookedAt: Number.NEGATIVE_INFINITY, count: 0 };

/** One that waits for a breaker goes on by itself, and to try it would hasten the breaker; what was set aside is an operator's. */
function canBeHastened({ state, next, attempt }: RunView): boolean {
  if (state.isQuarantined || attempt !== null || next === null) return false;
  return next.type === 'wait' && !findHolders(next).includes('parked');
}

const findHolders = (next: Command): string[] =>
  next.type === 'wait' ? Object.values(next.held?.participants ?? {}) : [];

function toObserved(run: RunView, retries: number): ObservedOrder {
  const { id, state, saga } = run;
  const goesOn = saga !== null && !state.isQuarantined;
  return { id, acceptedAt: state.acceptedAt, waitsFor: toWords(run), goesOn, retries };
}

function toWords({ state, saga, next, attempt }: RunView): string {
  if (saga === null) return 'follows a definition that is not known here';
  if (state.isQuarantined) return 'crashed its orchestrator too often';
  if (attempt) return `waits for the answer to ${attempt.way}`;
  if (next === null || !('way' in next)) return 'is about to go on';
  const { name, participant } = next.way;
  return `waits for ${participant ?? 'its participant'} (${next.direction === 'undo' ? 'to undo ' : ''}${name})`;
}
