/** One order's story, played on real stores and a journal file in virtual time, with or without a crash. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { PlaceOrder } from '@baton/contracts';
import { createOrderSagas } from '@baton/orchestrator';
import type { Participants } from '@baton/runtime';
import {
  createEngine,
  type Engine,
  type Event,
  isSettled,
  openJournal,
  type RunState,
  type Saga,
} from '@baton/saga';
import { createVirtualClock, type VirtualClock } from '@baton/saga/testing';
import { borrowServices } from './borrowed-services.ts';
import { createCrasher } from './crasher.ts';
import { createFastFolder } from './folder.ts';
import type { OpenTracing, Services } from './services.ts';
import { createWire, type Trouble, type Wire } from './wire.ts';

/** What a story needs to be played; how it must end is the test's. */
export type Plot = Omit<
  Story,
  'ends' | 'effects' | 'channels' | 'isUndoneInAnyOrder' | 'crashesMax' | 'isLong'
>;

export interface Story {
  readonly name: string;
  readonly order: PlaceOrder;
  /** Made anew for each playing; it outlives the orchestrator, as a network does. */
  readonly createTrouble: () => Trouble;
  /** True when the client wants the order undone, judging by what is committed. */
  readonly wantsCancel?: (state: RunState) => boolean;
  readonly ends: { readonly status: 'completed' | 'compensated'; readonly code?: string };
  readonly effects: readonly string[];
  /** For one that asks again and again for minutes: crashes after these find nothing new. */
  readonly crashesMax?: number;
  /** Of many points: played in a file of its own. */
  readonly isLong?: boolean;
  /** An open breaker holds one undo back and no other, and a crash forgets that it was open. */
  readonly isUndoneInAnyOrder?: true;
  /** How the customer was told; by e-mail, where nothing is said. */
  readonly channels?: readonly string[];
}

export interface Ending {
  readonly status: string;
  readonly code: string | undefined;
  readonly effects: readonly string[];
  readonly books: Books;
  readonly points: number;
  /** Still to be repaired when the story ended: must be none. */
  readonly repairs: number;
  readonly events: readonly Event[];
}
export interface Books {
  readonly held: readonly unknown[];
  readonly money: readonly unknown[];
  readonly channels: readonly unknown[];
}

export const orderId = `ord_${'0'.repeat(32)}`;

interface Stage {
  readonly folder: string;
  readonly clock: VirtualClock;
  readonly services: Services;
  readonly story: Plot;
  readonly traced: Traced | undefined;
}

/** Where the spans of participants go, and what the order's request says of its trace. */
export interface Traced {
  readonly openTracing: OpenTracing;
  readonly context: Readonly<Record<string, string>>;
  /** Of the workflow. */
  readonly version: number;
}

/** `crashAt` counts points from 1; infinity crashes never. After a crash a new orchestrator goes on, with nothing in its way. */
export async function play(
  story: Plot,
  crashAt = Number.POSITIVE_INFINITY,
  traced?: Traced,
): Promise<Ending> {
  const folder = createFastFolder('story');
  const clock = createVirtualClock();
  const { services, giveBack } = borrowServices(clock.now);
  const stage: Stage = { folder, clock, services, story, traced };
  const trouble = story.createTrouble();
  try {
    const effects: string[] = [];
    const first = await live(stage, trouble, crashAt);
    effects.push(...first.wire.effects);
    let { state, events } = first;
    if (first.hasCrashed) {
      const second = await live(stage, trouble, Number.POSITIVE_INFINITY);
      effects.push(...second.wire.effects);
      ({ state, events } = second);
    }
    const { status, code, repairs } = readEnd(state);
    const books = readBooks(services);
    giveBack();
    return { status, code, effects, books, points: first.points, repairs, events };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The newest unless a version is asked for. */
function findSaga(participants: Participants, version?: number): Saga<PlaceOrder> {
  const [newest, ...older] = createOrderSagas(participants);
  if (version === undefined) return newest;
  const found = [newest, ...older].find((saga) => saga.version === version);
  if (!found) throw new Error(`there is no version ${version} of the workflow`);
  return found;
}

interface Life {
  readonly wire: Wire;
  readonly hasCrashed: boolean;
  readonly points: number;
  readonly state: RunState | undefined;
  readonly events: readonly Event[];
}

async function live(
  { folder, clock, services, story, traced }: Stage,
  trouble: Trouble,
  crashAt: number,
): Promise<Life> {
  const crasher = createCrasher(crashAt, clock);
  const journal = await openJournal({ path: join(folder, 'journal.sqlite'), onFatal: rethrow });
  const openTracing = traced?.openTracing;
  const wire = createWire(services, crasher.wrapTrouble(trouble), { now: clock.now, openTracing });
  const saga = findSaga(wire.participants, traced?.version);
  const starting = createEngine({
    journal: crasher.wrapJournal(journal),
    sagas: [saga],
    clock,
    random: () => 0.5,
  });
  let engine: Engine | undefined;
  const started = starting.then((created) => {
    engine = created;
    if (story.wantsCancel) watchForCancel(created, story.wantsCancel);
    const context = traced?.context ?? {};
    return created.submit(saga, story.order, { id: orderId, context });
  });
  started.catch(rethrow);
  const isOver = async (): Promise<boolean> =>
    crasher.isDown() || (engine !== undefined && (await isAtRest(engine)));
  await clock.run(isOver, 24 * 3_600_000);
  const run = journal.read(orderId);
  const state = run && (await engine?.read(orderId))?.state;
  clock.clear();
  journal.close();
  const events = run?.events ?? [];
  return { wire, hasCrashed: crasher.isDown(), points: crasher.count(), state, events };
}

/** Settled, and nothing left to repair. */
async function isAtRest(engine: Engine): Promise<boolean> {
  if ((await engine.counts()).open > 0) return false;
  const run = await engine.read(orderId);
  return run !== undefined && isSettled(run.state) && run.next?.type === 'rest';
}

/** As a client does that asks again until it knows: also after a crash. */
function watchForCancel(engine: Engine, wants: (state: RunState) => boolean): void {
  const look = (state: RunState | undefined): void => {
    if (state && !state.cancelRequested && wants(state))
      void engine.cancel(orderId, 'changed my mind');
  };
  void engine.readState(orderId).then(look);
  engine.feed.subscribe(({ state }) => look(state));
}

function readEnd(state: RunState | undefined) {
  const open = state?.deferred.filter((step) => state.ways[step]?.result !== 'ok') ?? [];
  return { status: state?.phase ?? 'lost', code: state?.reason?.code, repairs: open.length };
}

function readBooks(services: Services): Books {
  const { 'inventory-service': inventory, 'notification-service': notification } = services;
  const held = inventory.store.db.prepare('SELECT sku, held FROM products WHERE held > 0').all();
  const money = (['payment-service', 'payment-alternate'] as const).flatMap((provider) =>
    services[provider].store.db
      .prepare(
        'SELECT currency, status, sum(amount_minor) AS sum FROM payments GROUP BY currency, status',
      )
      .all()
      .map((row) => ({ provider, ...row })),
  );
  const messages = notification.store.db.prepare('SELECT channel FROM messages').all();
  return { held, money, channels: messages.map(({ channel }) => channel).toSorted() };
}

function rethrow(error: unknown): never {
  throw error;
}
