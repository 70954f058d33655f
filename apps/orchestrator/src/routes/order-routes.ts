/** What is answered to those who place orders and ask for them. Everything that lasts is the engine's. */
import type {
  Accepted,
  Audit,
  alertOperations,
  OrderSummary,
  orchestratorOperations,
  PlaceOrder,
} from '@baton/contracts';
import { type Engine, type RunSummary, type Saga, type Status, toStatus } from '@baton/saga';
import type { Handlers, ServerEvent } from '@baton/service-kit';
import { leaveRequestSpan, type Tracing } from '@baton/telemetry';
import { createBreather } from '../breather.ts';
import type { Catalog } from '../catalog/catalog.ts';
import { findDefinition } from '../order/definition.ts';
import { toInstant } from '../order/instant.ts';
import { createOrderId, toFingerprint } from '../order/order-id.ts';
import type { ToLinks } from '../order/order-links.ts';
import { toOrderContext } from '../order/order-trace.ts';
import { findDegraded, toLiveStatus, toOrderView } from '../order/order-view.ts';
import { createAdmission, feedAll, feedOne } from './event-feed.ts';
import { readWaitSeconds } from './preference.ts';
import { toQueueFull } from './queue-full.ts';
import { createTurns } from './turns.ts';

export interface Surroundings {
  readonly engine: Engine;
  readonly saga: Saga<PlaceOrder>;
  readonly sagas: readonly Saga<unknown>[];
  readonly readAudit: (signal: AbortSignal) => Promise<Audit | undefined>;
  readonly catalog: Catalog;
  readonly now: () => number;
  readonly toLinks: ToLinks;
  readonly tracing?: Tracing | undefined;
  /** Aborts before the journal is closed. */
  readonly stopped: AbortSignal;
}

type Routes = Omit<Handlers<typeof orchestratorOperations>, keyof typeof alertOperations>;

export const createHandlers = (surroundings: Surroundings): Routes => {
  const { engine, catalog, readAudit } = surroundings;
  return {
    placeOrder: createPlaceOrder(surroundings),
    ...createOrderReads(surroundings),
    cancelOrder: createCancelOrder(engine),
    ...createStreams(surroundings),
    getCatalog: async ({ signal }) => {
      const body = await catalog.read(signal);
      return body
        ? { status: 200, body }
        : { problem: 'unavailable', headers: { 'retry-after': '1' } };
    },
    getAudit: async ({ signal }) => {
      const body = await readAudit(signal);
      return body
        ? { status: 200, body }
        : { problem: 'unavailable', headers: { 'retry-after': '1' } };
    },
  };
};

function createStreams({
  engine,
  stopped,
}: Surroundings): Pick<Routes, 'streamEvents' | 'streamOrderEvents'> {
  const admit = createAdmission();
  const source = { engine, turn: createTurns(stopped), stopped };
  const answer = (feed: AsyncGenerator<ServerEvent>) => {
    const events = admit(feed);
    return events ? { events } : tooManyListeners;
  };
  return {
    streamEvents: ({ headers, signal }) =>
      answer(feedAll(source, headers['last-event-id'], signal)),
    streamOrderEvents: async ({ params: { id }, headers, signal }) =>
      (await engine.readState(id))
        ? answer(feedOne(source, { id, lastId: headers['last-event-id'] }, signal))
        : { problem: 'order-not-found' },
  };
}

const tooManyListeners = {
  problem: 'unavailable',
  detail: 'as many listen to events as may at the same time',
  headers: { 'retry-after': '5' },
} as const;

const createPlaceOrder =
  (surroundings: Surroundings): Routes['placeOrder'] =>
  async ({ body, headers, signal }) => {
    const { engine, saga, tracing, now } = surroundings;
    const submission = await engine.submit(saga, body, {
      id: createOrderId(body.customerId, headers['idempotency-key']),
      fingerprint: toFingerprint(body),
      context: toOrderContext({ headers, receivedAt: now() }, tracing),
    });
    // The journal tells of it from here on.
    if (submission.type === 'accepted') leaveRequestSpan();
    switch (submission.type) {
      case 'full':
        return toQueueFull();
      case 'conflict':
        return { problem: 'key-reused' };
      case 'invalid':
        return { problem: 'bad-request' };
      case 'known':
      case 'accepted':
        return answerPlaced(surroundings, submission, {
          seconds: readWaitSeconds(headers.prefer),
          signal,
        });
      default:
        return submission satisfies never;
    }
  };

async function answerPlaced(
  { engine, toLinks }: Surroundings,
  placed: { readonly id: string; readonly prunedAs?: Status | null },
  { seconds, signal }: { readonly seconds: number; readonly signal: AbortSignal },
) {
  const { id, prunedAs } = placed;
  const location = { location: `/orders/${id}` };
  if (seconds > 0 && !prunedAs) {
    const patience = AbortSignal.any([signal, AbortSignal.timeout(seconds * 1_000)]);
    const isSettled = (await engine.settled(id, patience)) !== undefined;
    const run = isSettled ? await engine.read(id) : undefined;
    const applied = { ...location, 'preference-applied': `wait=${seconds}` };
    if (run) return { status: 200 as const, headers: applied, body: toOrderView(run, toLinks) };
  }
  const run = await engine.read(id);
  const status = run ? toLiveStatus(run) : (prunedAs ?? 'accepted');
  const body: Accepted = { orderId: id, status, links: toLinks(id, run?.state) };
  return { status: 202 as const, headers: location, body };
}

const createOrderReads = (surroundings: Surroundings): Pick<Routes, 'getOrder' | 'listOrders'> => {
  const { engine, toLinks } = surroundings;
  return {
    getOrder: async ({ params }) => {
      const run = await engine.read(params.id);
      return run
        ? { status: 200, body: toOrderView(run, toLinks) }
        : { problem: 'order-not-found' };
    },
    listOrders: async ({ query: { limit, cursor, status } }) => {
      const before = cursor === undefined ? undefined : readCursor(cursor);
      if (before === null)
        return { problem: 'bad-request', detail: 'cursor: take nextCursor of the page before' };
      const runs = await engine.list({ limit: limit + 1, before, status });
      const shown = runs.slice(0, limit);
      const last = runs.length > limit ? shown.at(-1) : undefined;
      const nextCursor = last ? String(last.number) : null;
      return { status: 200, body: { orders: await toSummaries(surroundings, shown), nextCursor } };
    },
  };
};

const readCursor = (cursor: string): number | null =>
  /^\d{1,15}$/.test(cursor) ? Number(cursor) : null;

/** Ended orders are read from the disk: others have their turn in between. */
async function toSummaries({ engine, sagas }: Surroundings, runs: readonly RunSummary[]) {
  const breathe = createBreather();
  const summaries: OrderSummary[] = [];
  for (const { id, version, acceptedAt, status } of runs) {
    const state = await engine.readState(id);
    const shown = state ? toStatus(state) : status;
    // Only of one that was not answered yet does it matter whether its call has left.
    const run = shown === 'accepted' ? await engine.read(id) : undefined;
    summaries.push({
      orderId: id,
      status: run ? toLiveStatus(run) : shown,
      version,
      createdAt: toInstant(acceptedAt),
      degraded: state ? findDegraded(findDefinition(sagas, state), state) : [],
    });
    await breathe();
  }
  return summaries;
}

const createCancelOrder =
  (engine: Engine): Routes['cancelOrder'] =>
  async ({ params }) => {
    const cancellation = await engine.cancel(params.id, 'asked for by the client');
    switch (cancellation) {
      case 'cancel-requested':
        return { status: 202, body: { orderId: params.id, status: cancellation } };
      case 'past-the-pivot':
        return { problem: 'past-the-pivot' };
      case 'settled':
        return { problem: 'already-settled' };
      case 'quarantined':
        return { problem: 'quarantined' };
      case 'unknown-run':
        return { problem: 'order-not-found' };
      default:
        return cancellation satisfies never;
    }
  };
