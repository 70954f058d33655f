/** Orders that take too long or cannot be ended, and which of them to requeue. */
import {
  type Engine,
  type RunState,
  type RunSummary,
  type RunView,
  readWay,
  type Saga,
  viewRun,
} from '@baton/saga';
import { findDefinition } from '../run/definition.ts';
import { toWords as toCodeWords } from '../run/event-words.ts';
import { toInstant } from '../run/instant.ts';
import type { ObservedOrder, ObservedOrders } from './watchdog-observation.ts';
import { eachMax } from './watchdog-run-rules.ts';

/** Counting ends here. */
const countMax = 1_000;
/** Requeued in one look: each means a call to a participant that may have trouble enough. */
const retriesMax = 20;
/** Between two retries of one order, which are ever rarer: each is an event that is kept. */
const restMaxMs = 3_600_000;
/** Between two looks at what is owed, where a participant answers now and then. */
const healedEveryMs = 60_000;

export interface OrdersWatch {
  look(): Promise<{ readonly overdue: ObservedOrders; readonly stuck: ObservedOrders }>;
  /**
   * The orders to requeue now: an overdue order at once, then ever more rarely; and an order that owes something, when
   * its participant answers again.
   */
  takeDue(isHealed: boolean): Promise<readonly string[]>;
}

export interface OrdersWatchOptions {
  readonly engine: Pick<Engine, 'readState' | 'participants' | 'list'>;
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
  /** What is next if nothing held the order up. Its history may be long, and is not read here. */
  const read = async (id: string): Promise<RunView | undefined> => {
    const state = await engine.readState(id);
    return state && viewRun(findDefinition(sagas, state), { id, state, events: [] }, now());
  };
  const known = new Map<string, Retried>();
  let isOwedDue = false;
  let owedAt = Number.NEGATIVE_INFINITY;
  const takeOwed = async (isHealed: boolean): Promise<readonly RunSummary[]> => {
    isOwedDue ||= isHealed;
    if (!isOwedDue || now() - owedAt < healedEveryMs) return [];
    isOwedDue = false;
    owedAt = now();
    return engine.list({ status: 'stuck', limit: retriesMax });
  };
  const observe = async (runs: readonly RunSummary[]): Promise<ObservedOrders> => {
    const orders = await Promise.all(runs.slice(0, eachMax + 1).map(({ id }) => read(id)));
    return {
      orders: orders.flatMap((order) =>
        order ? [toObserved(order, known.get(order.id)?.count ?? 0)] : [],
      ),
      count: runs.length,
      isMore: runs.length >= countMax,
    };
  };
  return {
    look: async () => {
      const stuck = await engine.list({ status: 'stuck', limit: countMax });
      return {
        overdue: await observe(await listOverdue(options)),
        stuck: await observe(stuck.toReversed()),
      };
    },
    takeDue: async (isHealed) => {
      const overdue = await listOverdue(options);
      const ids = new Set(overdue.map(({ id }) => id));
      for (const id of known.keys()) if (!ids.has(id)) known.delete(id);
      const isRested = (id: string): boolean => {
        const { lookedAt, count } = known.get(id) ?? unknown;
        return now() - lookedAt >= Math.min(restMaxMs, olderThanMs * 2 ** count);
      };
      const owed = await takeOwed(isHealed);
      const shut = await findShut(engine);
      const rested = [...ids].filter(isRested).slice(0, retriesMax);
      const looked = [...new Set([...owed.map(({ id }) => id), ...rested])];
      const due: string[] = [];
      for (const id of looked) {
        const order = await read(id);
        const isDue = order !== undefined && canBeHastened(order, shut);
        const count = (known.get(id)?.count ?? 0) + (isDue ? 1 : 0);
        known.set(id, { lookedAt: now(), count });
        if (isDue) due.push(id);
      }
      return due;
    },
  };
}

async function listOverdue({ engine, now, olderThanMs }: OrdersWatchOptions) {
  const isOverdue = ({ acceptedAt }: RunSummary): boolean => acceptedAt < now() - olderThanMs;
  const listOldest = (limit: number): Promise<RunSummary[]> =>
    engine.list({ status: 'open', limit, oldestFirst: true });
  // Mostly the oldest order is young, and then all others are.
  const [oldest] = await listOldest(1);
  return oldest && isOverdue(oldest) ? (await listOldest(countMax)).filter(isOverdue) : [];
}

/** Participants whose breaker is not closed. */
async function findShut(engine: OrdersWatchOptions['engine']): Promise<ReadonlySet<string>> {
  const views = await engine.participants();
  return new Set(
    views.filter(({ breaker }) => breaker !== 'closed').map(({ participant }) => participant),
  );
}

const unknown: Retried = { lookedAt: Number.NEGATIVE_INFINITY, count: 0 };

/** An order that waits for a breaker goes on by itself, and a requeue would hasten the breaker; a quarantined one rests. */
function canBeHastened({ state, next }: RunView, shut: ReadonlySet<string>): boolean {
  // What would be called now is being called, or waits for a breaker or a permit.
  if (next?.type !== 'wait' || shut.has(next.way.participant)) return false;
  const { way, direction } = next;
  return !(direction === 'undo' ? hasParkedUndo(state) : readWay(state, way.name).isParked);
}

const hasParkedUndo = ({ ways }: RunState): boolean =>
  Object.values(ways).some(({ undo, writtenOff }) => undo.isParked && !undo.done && !writtenOff);

function toObserved(order: RunView, retries: number): ObservedOrder {
  const { id, state, saga } = order;
  const goesOn = saga !== null && !state.isQuarantined;
  const nextTry = goesOn ? toNextTry(order) : '';
  return {
    id,
    acceptedAt: state.acceptedAt,
    waitsFor: toWords(order),
    nextTry,
    skippable: order.acts.skip,
    cancellable: order.acts.cancel,
    goesOn,
    retries,
  };
}

/** The next call may stand in the queue. */
function toNextTry({ state, next }: RunView): string {
  if (next?.type !== 'wait' && next?.type !== 'perform') return '';
  const way = readWay(state, next.way.name);
  const { attempts, code, isParked } = next.direction === 'undo' ? way.undo : way;
  const last = code === null ? '' : ` and last ended with: ${toCodeWords(code)}`;
  const tried =
    attempts > 0 ? `, was tried ${attempts === 1 ? 'once' : `${attempts} times`}${last}` : '';
  const turn = isParked ? 'goes on once its breaker closes' : 'is in its turn now';
  const when = next.type === 'wait' ? `next try at ${toInstant(next.until)}` : turn;
  return `${tried}, ${when}`;
}

function toWords({ state, saga, next }: RunView): string {
  if (saga === null) return 'follows a definition that is not known here';
  if (state.isQuarantined) return 'crashed its orchestrator too often';
  if (next === null || !('way' in next)) return 'is about to go on';
  const { name, participant } = next.way;
  return `waits for ${participant} (${next.direction === 'undo' ? 'to undo ' : ''}${name})`;
}
