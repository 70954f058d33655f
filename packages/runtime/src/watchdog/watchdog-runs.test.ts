import {
  type Engine,
  type Happening,
  type ParticipantView,
  type RunState,
  type RunSummary,
  replay,
} from '@baton/saga';
import { expect, it } from 'vitest';
import { createOrderSaga } from '../testing/order-workflow.ts';
import { createStandIns } from '../testing/stand-in.ts';
import { createOrdersWatch } from './watchdog-runs.ts';

const saga = createOrderSaga(createStandIns().participants);
const minute = 60_000;

type Next = 'parked' | 'waits' | 'quarantined' | 'in flight' | 'of an unknown definition';

const { name, version, structure } = saga;
const start = { saga: name, version, structure, input: null, context: {} };
const tried = { way: 'validate', attempt: 1, code: 'timed-out' };

/** An order in that situation. One that is in flight looks like one that is about to be called. */
function toState(next: Next, now: number): RunState {
  const begin: Happening = {
    ...start,
    type: 'accepted',
    structure: next === 'of an unknown definition' ? 'another' : structure,
  };
  const then: Readonly<Record<Next, readonly Happening[]>> = {
    parked: [{ type: 'step-parked', way: 'validate', code: 'breaker-open' }],
    waits: [{ ...tried, type: 'step-unknown', startedAt: now, retryAt: now + 5_000 }],
    quarantined: [{ type: 'quarantined', code: 'crashes' }],
    'in flight': [],
    'of an unknown definition': [],
  };
  return replay([begin, ...then[next]].map((event, i) => ({ ...event, seq: i + 1, at: i * now })));
}

function createScene(orders: Readonly<Record<string, Next>>) {
  const scene = {
    now: 10 * minute,
    orders,
    stuck: [] as string[],
    participants: [] as ParticipantView[],
  };
  const toSummary = (id: string, index: number): RunSummary => ({
    id,
    number: index,
    saga: 'place-order',
    version: 2,
    status: 'running',
    acceptedAt: 0,
    settledAt: null,
  });
  const engine = {
    list: async ({ status, limit }: Parameters<Engine['list']>[0]) =>
      (status === 'open' ? Object.keys(scene.orders).slice(0, limit) : scene.stuck).map(toSummary),
    readState: async (id: string) => toState(scene.orders[id] ?? 'waits', scene.now),
    participants: async () => scene.participants,
  };
  const watch = createOrdersWatch({
    engine,
    sagas: [saga],
    now: () => scene.now,
    olderThanMs: 5 * minute,
  });
  return { scene, watch };
}

it('has an overdue order tried again ever more rarely, and counts that', async () => {
  const { scene, watch } = createScene({ a: 'waits' });
  const triedAt: number[] = [];
  for (let passed = 0; passed <= 200; passed++) {
    if ((await watch.takeDue(false)).includes('a')) triedAt.push(passed);
    scene.now += minute;
  }
  expect(triedAt).toEqual([0, 10, 30, 70, 130, 190]);
  expect((await watch.look()).overdue).toMatchObject({
    count: 1,
    orders: [{ id: 'a', retries: 6 }],
  });
});

it('leaves alone what waits for a breaker or an answer, or was set aside', async () => {
  const { watch } = createScene({
    a: 'parked',
    b: 'quarantined',
    c: 'in flight',
    d: 'of an unknown definition',
    e: 'waits',
  });
  expect(await watch.takeDue(false)).toEqual(['e']);
  expect((await watch.look()).overdue.orders.map(({ goesOn }) => goesOn)).toEqual([
    true,
    false,
    true,
    false,
    true,
  ]);
});

it('says how often a thing was tried, and when it is next, or that it is in its turn', async () => {
  const { watch } = createScene({ a: 'waits', b: 'in flight', c: 'parked', d: 'quarantined' });
  expect((await watch.look()).overdue.orders.map(({ nextTry }) => nextTry)).toEqual([
    ', was tried once and last ended with: no answer in time, next try at 1970-01-01T00:10:05.000Z',
    ', is in its turn now',
    ', goes on once its breaker closes',
    '',
  ]);
});

it('leaves alone what would be tried at an open breaker', async () => {
  const { scene, watch } = createScene({ a: 'waits' });
  scene.participants = [
    {
      participant: 'order-service',
      breaker: 'open',
      openedAt: 0,
      nextTryAt: 0,
      openings: 1,
      inFlight: 0,
      callsMax: 32,
      waiting: 0,
      parked: 0,
    },
  ];
  expect(await watch.takeDue(false)).toEqual([]);
});

it('tries twenty at a time, and each has its turn', async () => {
  const names = Array.from({ length: 50 }, (_, i) => `ord_${i}`);
  const { watch } = createScene(Object.fromEntries(names.map((name) => [name, 'waits'])));
  const turns = [
    await watch.takeDue(false),
    await watch.takeDue(false),
    await watch.takeDue(false),
  ];
  expect(turns.map(({ length }) => length)).toEqual([20, 20, 10]);
  expect(turns.flat()).toEqual(names);
});

it('has what is owed tried at once when a participant answers again, and only then', async () => {
  const { scene, watch } = createScene({});
  scene.stuck = ['a'];
  expect(await watch.takeDue(false)).toEqual([]);
  expect(await watch.takeDue(true)).toEqual(['a']);
});

it('has what is owed tried once a minute where a participant answers now and then', async () => {
  const { scene, watch } = createScene({});
  scene.stuck = ['a'];
  let tried = 0;
  for (let second = 0; second < 120; second++) {
    tried += (await watch.takeDue(second % 10 === 0)).length;
    scene.now += minute / 60;
  }
  expect(tried).toBe(2);
  scene.now += minute;
  expect(await watch.takeDue(false)).toEqual(['a']);
  expect(await watch.takeDue(false)).toEqual([]);
});

it('waits until an order is overdue', async () => {
  const { scene, watch } = createScene({ a: 'waits' });
  scene.now = 5 * minute;
  expect(await watch.takeDue(false)).toEqual([]);
  expect((await watch.look()).overdue.count).toBe(0);
});
