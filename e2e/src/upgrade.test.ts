/**
 * A new build with orders in flight: each ends under the definition that it began with, and those of a definition that
 * the build does not know wait for one that does.
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { PlaceOrder } from '@baton/contracts';
import { createOrderSagas } from '@baton/orchestrator';
import type { Participants } from '@baton/runtime';
import {
  createEngine,
  type Engine,
  ok,
  openJournal,
  type RunState,
  readWay,
  type Saga,
  saga,
} from '@baton/saga';
import { createVirtualClock, type VirtualClock } from '@baton/saga/testing';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { findFaults } from './books.ts';
import { createFastFolder } from './folder.ts';
import { closeServices, openServices, type Services } from './services.ts';
import { createWire, lost, type NamedCall, noTrouble, type Trouble, unsent } from './wire.ts';

const hourMs = 3_600_000;

let folder: string;
let clock: VirtualClock;
let services: Services;

beforeEach(() => {
  folder = createFastFolder('upgrade');
  clock = createVirtualClock();
  services = openServices(folder, clock.now);
});
afterEach(() => {
  closeServices(services);
  rmSync(folder, { recursive: true });
});

type Build = (participants: Participants) => readonly Saga<PlaceOrder>[];

const current: Build = createOrderSagas;
/** As it was before version 2: nobody had heard of an alternate. */
const old: Build = (participants) => createOrderSagas(participants).filter(isVersion(1));
/** As it may be one day: new orders follow a definition that the present build has never seen. */
const future: Build = (participants) => {
  const known = current(participants);
  const newest = Math.max(...known.map(({ version }) => version));
  return [createFutureSaga(participants, newest + 1), ...known];
};

const isVersion =
  (version: number) =>
  (known: Saga<unknown>): boolean =>
    known.version === version;

const createFutureSaga = (
  { 'order-service': orders }: Participants,
  version: number,
): Saga<PlaceOrder> =>
  saga('place-order', { version, input: PlaceOrder, secrets: ['payment.token'] })
    .step('validate', {
      participant: 'order-service',
      perform: ({ id, input, call }) =>
        call(orders.validate, { orderId: id, customerId: input.customerId, lines: input.lines }),
      undo: ({ id, call }) => call(orders.cancel, { orderId: id }),
    })
    .step('wrap', { perform: async () => ok('wrapped'), undo: null })
    .end();

/** One process of a build, from its start until it is killed. */
async function live(build: Build, trouble: Trouble, work: (life: Life) => Promise<void>) {
  const path = join(folder, 'orchestrator', 'journal.sqlite');
  const journal = await openJournal({ path });
  const sagas = build(createWire(services, trouble, clock).participants);
  const engine = await createEngine({ journal, sagas, clock, random: () => 0.5 });
  const [newest] = sagas;
  if (!newest) throw new Error('a build without a definition');
  const until = (isSo: () => Promise<boolean>) => clock.run(isSo, hourMs);
  const place = async (id: string, token = 'tok_ok') => {
    const lines = [{ sku: 'mug', quantity: 2 }];
    const order = { customerId: id, lines, payment: { method: 'card' as const, token } };
    const placing = engine.submit(newest, order, { id });
    await until(async () => (await engine.read(id)) !== undefined);
    return placing;
  };
  await work({ engine, version: newest.version, place, until });
  clock.clear();
  journal.close();
}
interface Life {
  readonly engine: Engine;
  /** Of new orders. */
  readonly version: number;
  place(id: string, token?: string): Promise<unknown>;
  until(isSo: () => Promise<boolean>): Promise<void>;
}

const readStates = (engine: Engine, ids: readonly string[]): Promise<(RunState | undefined)[]> =>
  Promise.all(ids.map((id) => engine.readState(id)));

async function isAtRest(engine: Engine, ids: readonly string[]): Promise<boolean> {
  const runs = await Promise.all(ids.map((id) => engine.read(id)));
  return runs.every((run) => run?.next?.type === 'rest');
}

/** Each order is stopped at the point that it is named for. */
const stops: Readonly<Record<string, { readonly call: string; readonly how: Trouble }>> = {
  'ord_before-reserve': { call: 'inventory.reserve', how: async () => unsent },
  'ord_in-pay': {
    call: 'payment.process',
    how: async (_call, deliver) => {
      await deliver();
      return new Promise(() => {});
    },
  },
  'ord_in-compensation': { call: 'inventory.release', how: async () => lost },
  'ord_in-repair': { call: 'notification.notify', how: async () => unsent },
};

const toOrderId = ({ headers }: NamedCall): string =>
  (headers['idempotency-key'] ?? '').split(':')[0] ?? '';

const stopEach: Trouble = (call, deliver) => {
  const stop = stops[toOrderId(call)];
  return stop?.call === call.name ? stop.how(call, deliver) : deliver();
};

/** Of every order, old or new: the first provider is down for good. */
const withoutFirstProvider: Trouble = async (call, deliver) =>
  call.name === 'payment.process' ? unsent : deliver();

it('ends orders in flight under their own definition, and begins new ones under the next', async () => {
  const ids = Object.keys(stops);
  await live(old, stopEach, async ({ engine, place, until }) => {
    for (const id of ids) await place(id, id === 'ord_in-compensation' ? 'tok_declined' : 'tok_ok');
    await until(async () => {
      const states = await readStates(engine, ids);
      const isTried = (index: number, way: string) =>
        states[index] !== undefined && readWay(states[index], way).code !== null;
      return (
        isTried(0, 'reserve') &&
        isTried(1, 'pay') &&
        states[2]?.phase === 'compensating' &&
        states[3]?.phase === 'completed'
      );
    });
    const states = await readStates(engine, ids);
    expect(states.map((state) => [state?.version, state?.phase])).toEqual([
      [1, 'forward'],
      [1, 'forward'],
      [1, 'compensating'],
      [1, 'completed'],
    ]);
  });
  await live(current, withoutFirstProvider, async ({ engine, version, place, until }) => {
    await place('ord_new');
    await until(() => isAtRest(engine, [...ids, 'ord_new']));
    const ends = await readStates(engine, [...ids, 'ord_new']);
    expect(ends.map((state) => [state?.version, state?.phase])).toEqual([
      // Version 1 knows one provider only, and that is down: undone, though a newer version would have paid elsewhere.
      [1, 'compensated'],
      [1, 'compensated'],
      [1, 'compensated'],
      [1, 'completed'],
      [version, 'completed'],
    ]);
    expect(ends.map((state) => Object.keys(state?.alternates ?? {}))).toEqual([
      [],
      [],
      [],
      [],
      ['pay'],
    ]);
    expect((await engine.counts()).quarantined).toBe(0);
  });
  expect(findFaults(folder, [...ids, 'ord_new'])).toEqual([]);
});

it('sets orders of a definition that it does not know aside, and goes on with them once it does', async () => {
  const isHeld: Trouble = async (call, deliver) =>
    call.name === 'order.validate' ? unsent : deliver();
  await live(future, isHeld, async ({ engine, place, until }) => {
    await place('ord_from-the-future');
    await until(async () => (await engine.read('ord_from-the-future'))?.next?.type === 'wait');
  });
  await live(current, noTrouble, async ({ engine, place, until }) => {
    expect((await engine.counts()).quarantined).toBe(1);
    await place('ord_present');
    await until(() => isAtRest(engine, ['ord_present']));
    expect(await engine.read('ord_from-the-future')).toMatchObject({ saga: null, next: null });
    expect((await engine.readState('ord_from-the-future'))?.settledAt).toBeNull();
  });
  await live(future, noTrouble, async ({ engine, version, until }) => {
    expect((await engine.counts()).quarantined).toBe(0);
    await until(() => isAtRest(engine, ['ord_from-the-future']));
    expect(await engine.readState('ord_from-the-future')).toMatchObject({
      version,
      phase: 'completed',
    });
  });
});
