/** One order's story, played on real stores and a journal file in virtual time, with or without a crash. */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PlaceOrder } from '@baton/contracts';
import { createOrderSagas } from '@baton/orchestrator';
import type { Participants } from '@baton/runtime';
import {
  createEngine,
  type Engine,
  type EngineOptions,
  type Event,
  type Journal,
  openJournal,
  type RunState,
  type Saga,
} from '@baton/saga';
import { watchRest } from '@baton/saga/fixtures/rest-watch';
import { createVirtualClock, type VirtualClock } from '@baton/saga/testing';
import { borrowServices } from './borrowed-services.ts';
import { type Crasher, createCrasher } from './crasher.ts';
import { createFastFolder } from './folder.ts';
import type { OpenTracing, Services } from './services.ts';
import { createWire, type Trouble, type Wire } from './wire.ts';

/** A story's parts; its test knows how it must end. */
export type Plot = Omit<
  Story,
  'ends' | 'effects' | 'channels' | 'isUndoneInAnyOrder' | 'crashesMax' | 'isLong'
>;

export interface Story {
  readonly name: string;
  readonly order: PlaceOrder;
  /** Made anew for each playing; it outlives the orchestrator, as a network does. */
  readonly createTrouble: () => Trouble;
  /** Other orders fail there, too: the breaker opens at its first failure. */
  readonly isOneOfMany?: true;
  /** True when the client wants the order undone, judging by what is committed. */
  readonly wantsCancel?: (state: RunState) => boolean;
  readonly ends: { readonly status: 'completed' | 'compensated'; readonly code?: string };
  readonly effects: readonly string[];
  /** For a story that asks again and again for minutes: further crashes find nothing new. */
  readonly crashesMax?: number;
  /** A story of many points, played in a file of its own. */
  readonly isLong?: boolean;
  /** An open breaker holds one undo back and no other, and a crash forgets that it was open. */
  readonly isUndoneInAnyOrder?: true;
  /** How the customer was told. Default: by e-mail. */
  readonly channels?: readonly string[];
}

export interface Ending {
  readonly status: string;
  readonly code: string | undefined;
  readonly effects: readonly string[];
  readonly books: Books;
  /** Of the first orchestrator. */
  readonly points: number;
  /** How many orchestrators the story took. */
  readonly lives: number;
  /** Deferred steps that are left at the story's end: must be none. */
  readonly repairs: number;
  readonly events: readonly Event[];
}
export interface Books {
  readonly held: readonly unknown[];
  readonly money: readonly unknown[];
  readonly channels: readonly unknown[];
}

export const orderId = `ord_${'0'.repeat(32)}`;

/** The engine's host. Made anew for each playing; it outlives the orchestrator. */
export interface StoryHost {
  open(options: EngineOptions, crasher: Crasher): Promise<Engine>;
}
const createEmbedded = (): StoryHost => ({
  open: (options, crasher) =>
    createEngine({ ...options, journal: crasher.wrapJournal(options.journal) }),
});

interface Stage {
  readonly host: StoryHost;
  readonly folder: string;
  readonly clock: VirtualClock;
  readonly services: Services;
  readonly story: Plot;
  readonly traced: Traced | undefined;
}

/** The address for participants' spans, and the trace headers of the order's request. */
export interface Traced {
  readonly openTracing: OpenTracing;
  readonly context: Readonly<Record<string, string>>;
  /** Of the workflow. */
  readonly version: number;
}

/**
 * `crashAt` has a point from 1 on for each orchestrator: after its crash the next goes on. The last one meets no crash.
 */
export async function play(
  story: Plot,
  crashAt: number | readonly number[] = [],
  traced?: Traced,
  createHost: (clock: VirtualClock) => StoryHost = createEmbedded,
): Promise<Ending> {
  const folder = createFastFolder('story');
  const clock = createVirtualClock();
  const { services, giveBack } = borrowServices(clock.now);
  const host = createHost(clock);
  const stage: Stage = { host, folder, clock, services, story, traced };
  const trouble = story.createTrouble();
  try {
    const lives: Life[] = [];
    for (const end of [crashAt, Number.POSITIVE_INFINITY].flat()) {
      lives.push(await live(stage, trouble, end));
      if (!lives.at(-1)?.hasCrashed) break;
    }
    const effects = lives.flatMap(({ wire }) => wire.effects);
    const { state, events = [] } = lives.at(-1) ?? {};
    const { status, code, repairs } = readEnd(state);
    const books = readBooks(services);
    giveBack();
    const points = lives[0]?.points ?? 0;
    return { status, code, effects, books, points, lives: lives.length, repairs, events };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Default: the newest version. */
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
  { host, folder, clock, services, story, traced }: Stage,
  trouble: Trouble,
  crashAt: number,
): Promise<Life> {
  const crasher = createCrasher(crashAt, clock);
  const journal = await openStoryJournal(join(folder, 'journal.sqlite'));
  const openTracing = traced?.openTracing;
  const wire = createWire(services, crasher.wrapTrouble(trouble), { now: clock.now, openTracing });
  const saga = findSaga(wire.participants, traced?.version);
  const breaker = story.isOneOfMany && { breaker: { failuresMin: 1 } };
  const options = { journal, sagas: [saga], clock, random: () => 0.5, ...breaker };
  const starting = host.open(options, crasher);
  let isAtRest = async (): Promise<boolean> => false;
  let engine: Engine | undefined;
  const started = starting.then((created) => {
    engine = created;
    isAtRest = watchRest(created, [orderId]);
    if (story.wantsCancel) watchForCancel(created, story.wantsCancel);
    const context = traced?.context ?? {};
    return created.submit(saga, story.order, { id: orderId, context });
  });
  started.catch(rethrow);
  const isOver = async (): Promise<boolean> => crasher.isDown() || isAtRest();
  await clock.run(isOver, 24 * 3_600_000);
  const run = crasher.isDown() ? undefined : await engine?.read(orderId);
  clock.clear();
  journal.close();
  const { state, events = [] } = run ?? {};
  return { wire, hasCrashed: crasher.isDown(), points: crasher.count(), state, events };
}

let empty: Buffer | undefined;

/** A new journal is a copy: making one takes longer than playing most stories. */
async function openStoryJournal(path: string): Promise<Journal> {
  const open = () => openJournal({ path, onFatal: rethrow });
  if (existsSync(path)) return open();
  if (empty) writeFileSync(path, empty, { mode: 0o600 });
  else {
    (await open()).close();
    empty = readFileSync(path);
  }
  return open();
}

/** A client that asks again until it knows, also after a crash. */
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
