/**
 * Many orders at once on the real stores, in virtual time, while the network loses, delays and doubles messages and
 * the orchestrator crashes. Then everything heals, and nothing may be left behind. One seed, one history.
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { createOrderSaga } from '@baton/orchestrator';
import { createEngine, type Engine, openJournal, openReader } from '@baton/saga';
import { watchRest } from '@baton/saga/fixtures/rest-watch';
import { createVirtualClock, type VirtualClock } from '@baton/saga/testing';
import { findFaults } from './books.ts';
import { createCrasher } from './crasher.ts';
import { createFastFolder } from './folder.ts';
import { createRandom, type Random } from './random.ts';
import { closeServices, openServices, type Services } from './services.ts';
import { createWire, lost, type Trouble, unsent } from './wire.ts';

export interface Simulation {
  readonly faults: readonly string[];
  readonly orders: number;
  readonly crashes: number;
  readonly troubles: number;
  /** Steps and undos that waited for a breaker to close. */
  readonly parked: number;
}

interface Scene {
  readonly folder: string;
  readonly clock: VirtualClock;
  readonly services: Services;
  readonly random: Random;
  readonly orders: readonly Order[];
  readonly accepted: Set<string>;
}
interface Order {
  readonly id: string;
  readonly sku: string;
  readonly quantity: number;
  readonly token: string;
  readonly isCancelled: boolean;
}

const crashesMax = 3;

export async function simulate(seed: number, ordersMax = 8): Promise<Simulation> {
  const folder = createFastFolder('sim');
  const random = createRandom(seed);
  const clock = createVirtualClock();
  const services = openServices(folder, clock.now);
  const orders = Array.from({ length: random.whole(1, ordersMax) }, (_, index) =>
    createOrder(index, random),
  );
  const scene: Scene = { folder, clock, services, random, orders, accepted: new Set() };
  const storm = createStorm(random, clock);
  try {
    let crashes = 0;
    while (crashes < crashesMax && (await live(scene, storm.trouble, random.whole(4, 120))))
      crashes += 1;
    storm.end();
    await live(scene, storm.trouble, Number.POSITIVE_INFINITY);
    await storm.deliverLate();
    const faults = findFaults(folder, [...scene.accepted]);
    const parked = countParked(folder, orders);
    return { faults, orders: orders.length, crashes, troubles: storm.count(), parked };
  } finally {
    closeServices(services);
    rmSync(folder, { recursive: true });
  }
}

function countParked(folder: string, orders: readonly Order[]): number {
  const reader = openReader(join(folder, 'orchestrator', 'journal.sqlite'));
  const events = orders.flatMap(({ id }) => reader.read(id)?.events ?? []);
  reader.close();
  return events.filter(({ type }) => type.endsWith('-parked')).length;
}

const createOrder = (index: number, random: Random): Order => ({
  id: `ord_${String(index).padStart(32, '0')}`,
  sku: random.pick(['mug', 'mug', 'teapot', 'numbered-print', 'first-edition']),
  quantity: random.whole(1, 3),
  token: random.pick(['tok_ok', 'tok_ok', 'tok_ok', 'tok_declined']),
  isCancelled: random.chance(0.2),
});

/** Lives until everything is at rest, or until the crash. True when it crashed. */
async function live(
  { folder, clock, services, random, orders, accepted }: Scene,
  trouble: Trouble,
  crashAt: number,
): Promise<boolean> {
  const crasher = createCrasher(crashAt, clock);
  const journal = await openJournal({
    path: join(folder, 'orchestrator', 'journal.sqlite'),
    onFatal: rethrow,
  });
  const { participants } = createWire(services, crasher.wrapTrouble(trouble), clock);
  const saga = createOrderSaga(participants);
  const submitAll = async (engine: Engine): Promise<void> => {
    await Promise.all(
      orders.map(async ({ id, sku, quantity, token, isCancelled }) => {
        const input = {
          customerId: 'ada',
          lines: [{ sku, quantity }],
          payment: { method: 'card' as const, token },
        };
        await engine.submit(saga, input, { id });
        accepted.add(id);
        if (isCancelled)
          clock.setTimer(random.whole(0, 3_000), () => void engine.cancel(id, 'changed my mind'));
      }),
    );
  };
  let isAtRest = async (): Promise<boolean> => false;
  const sagas = [saga];
  createEngine({
    journal: crasher.wrapJournal(journal),
    sagas,
    clock,
    random: random.next,
    concurrencyMax: 4,
    callsMax: random.whole(1, 3),
    // With few orders, a breaker that is slow to open would hardly ever open.
    breaker: { failuresMin: random.whole(1, 5) },
  })
    .then(async (created) => {
      await submitAll(created);
      isAtRest = watchRest(
        created,
        orders.map(({ id }) => id),
      );
    })
    .catch(rethrow);
  await clock.run(async () => crasher.isDown() || isAtRest(), 48 * 3_600_000);
  clock.clear();
  journal.close();
  return crasher.isDown();
}

function rethrow(error: unknown): never {
  throw error;
}

/** Every kind of network trouble, at random, until it ends. Late messages then arrive last. */
function createStorm(random: Random, clock: VirtualClock) {
  const late: (() => Promise<unknown>)[] = [];
  let isOver = false;
  let count = 0;
  const kinds: Readonly<Record<string, Trouble>> = {
    unsent: async () => unsent,
    'lost request': async () => lost,
    'lost reply': async (_call, deliver) => {
      await deliver();
      return lost;
    },
    doubled: async (_call, deliver) => {
      await deliver();
      return deliver();
    },
    late: async (_call, deliver) => {
      late.push(deliver);
      return lost;
    },
    hanging: (_call, deliver) => {
      late.push(deliver);
      return new Promise(() => {});
    },
    slow: async (_call, deliver) => {
      await new Promise<void>((resolve) => clock.setTimer(random.whole(1, 5_000), resolve));
      return deliver();
    },
  };
  const level = random.pick([0.05, 0.2, 0.5]);
  return {
    trouble: ((call, deliver) => {
      if (isOver || !random.chance(level)) return deliver();
      count += 1;
      if (late.length > 0 && random.chance(0.3)) void late.shift()?.();
      return (kinds[random.pick(Object.keys(kinds))] ?? deliver)(call, deliver);
    }) satisfies Trouble,
    end: () => {
      isOver = true;
    },
    count: () => count,
    deliverLate: async () => {
      for (const deliver of late.splice(0)) await deliver();
    },
  };
}
