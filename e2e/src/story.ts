/** One order's story, played on real stores and a journal file in virtual time, with or without a crash. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { PlaceOrder } from '@baton/contracts';
import { createOrderSaga } from '@baton/orchestrator';
import { createEngine, type Engine, isSettled, openJournal, type RunState } from '@baton/saga';
import { createVirtualClock, type VirtualClock } from '@baton/saga/testing';
import { createCrasher } from './crasher.ts';
import { createFastFolder } from './folder.ts';
import { closeServices, openServices, type Services } from './services.ts';
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
}
export interface Books {
  readonly held: readonly unknown[];
  readonly money: readonly unknown[];
  readonly channels: readonly unknown[];
}

const orderId = `ord_${'0'.repeat(32)}`;

interface Stage {
  readonly folder: string;
  readonly clock: VirtualClock;
  readonly services: Services;
  readonly story: Plot;
}

/** `crashAt` counts points from 1; infinity crashes never. After a crash a new orchestrator goes on, with nothing in its way. */
export async function play(story: Plot, crashAt = Number.POSITIVE_INFINITY): Promise<Ending> {
  const folder = createFastFolder('story');
  const clock = createVirtualClock();
  const services = openServices(null, clock.now);
  const stage: Stage = { folder, clock, services, story };
  const trouble = story.createTrouble();
  try {
    const effects: string[] = [];
    const first = await live(stage, trouble, crashAt);
    effects.push(...first.wire.effects);
    let { state } = first;
    if (first.hasCrashed) {
      const second = await live(stage, trouble, Number.POSITIVE_INFINITY);
      effects.push(...second.wire.effects);
      state = second.state;
    }
    const { status, code, repairs } = readEnd(state);
    return { status, code, effects, books: readBooks(services), points: first.points, repairs };
  } finally {
    closeServices(services);
    rmSync(folder, { recursive: true });
  }
}

interface Life {
  readonly wire: Wire;
  readonly hasCrashed: boolean;
  readonly points: number;
  readonly state: RunState | undefined;
}

async function live(
  { folder, clock, services, story }: Stage,
  trouble: Trouble,
  crashAt: number,
): Promise<Life> {
  const crasher = createCrasher(crashAt, clock);
  const journal = await openJournal({ path: join(folder, 'journal.sqlite'), onFatal: rethrow });
  const wire = createWire(services, crasher.wrapTrouble(trouble), clock.now);
  const saga = createOrderSaga(wire.participants);
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
    return created.submit(saga, story.order, { id: orderId });
  });
  started.catch(rethrow);
  const isOver = (): boolean => crasher.isDown() || (engine !== undefined && isAtRest(engine));
  await clock.run(isOver, 24 * 3_600_000);
  const state = journal.read(orderId) && engine?.read(orderId)?.state;
  clock.clear();
  journal.close();
  return { wire, hasCrashed: crasher.isDown(), points: crasher.count(), state };
}

/** Settled, and nothing left to repair. */
function isAtRest(engine: Engine): boolean {
  if (engine.counts().open > 0) return false;
  const run = engine.read(orderId);
  return run !== undefined && isSettled(run.state) && run.next?.type === 'rest';
}

/** As a client does that asks again until it knows: also after a crash. */
function watchForCancel(engine: Engine, wants: (state: RunState) => boolean): void {
  const look = (): void => {
    const state = engine.read(orderId)?.state;
    if (state && !state.cancelRequested && wants(state))
      void engine.cancel(orderId, 'changed my mind');
  };
  look();
  engine.subscribe(look);
}

function readEnd(state: RunState | undefined) {
  const open = state?.deferred.filter((step) => state.ways[step]?.result !== 'ok') ?? [];
  return { status: state?.phase ?? 'lost', code: state?.reason?.code, repairs: open.length };
}

function readBooks(services: Services): Books {
  const { inventory, notification } = services;
  const held = inventory.store.db.prepare('SELECT sku, held FROM products WHERE held > 0').all();
  const money = (['payment', 'payment-alternate'] as const).flatMap((provider) =>
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
