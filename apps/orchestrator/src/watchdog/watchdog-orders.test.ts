import { type RunSummary, type RunView, replay } from '@baton/saga';
import { createMemoryJournal } from '@baton/saga/testing';
import { expect, it } from 'vitest';
import { createOrderSaga } from '../order-saga.ts';
import { createStandIns } from '../testing/stand-in.ts';
import { createOrdersWatch } from './watchdog-orders.ts';

const saga = createOrderSaga(createStandIns().participants);
const minute = 60_000;

type Next = 'parked' | 'waits' | 'quarantined' | 'in flight' | 'of an unknown definition';

/** What the engine would say of an order in that situation. */
function toRun(id: string, next: Next): RunView {
  const [validate] = saga.plan;
  if (!validate) throw new Error('a saga has steps');
  const held = { participants: { 'order-service': 'parked' as const }, tryAt: 0 };
  const wait = { type: 'wait', until: 0, way: validate.first, direction: 'forward' } as const;
  const attempt = { way: 'validate', direction: 'forward', number: 1, startedAt: 0 } as const;
  const { name, version, structure } = saga;
  const begin = { saga: name, version, structure, input: null, context: {} };
  const state = replay([{ type: 'accepted', ...begin, seq: 1, at: 0 }]);
  const isKnown = next !== 'of an unknown definition';
  return {
    id,
    saga: isKnown ? saga : null,
    state: { ...state, isQuarantined: next === 'quarantined' },
    events: [],
    attempt: next === 'in flight' ? attempt : null,
    next: isKnown ? { ...wait, ...(next === 'parked' && { held }) } : null,
  };
}

function createScene(orders: Readonly<Record<string, Next>>) {
  const scene = { now: 10 * minute, orders, stuck: [] as string[] };
  const toSummary = (id: string, index: number): RunSummary => ({
    id,
    number: index,
    saga: 'place-order',
    version: 2,
    status: 'running',
    acceptedAt: 0,
    settledAt: null,
    repairAt: null,
  });
  const engine = {
    journal: {
      ...createMemoryJournal(),
      listOldest: (limit: number) => Object.keys(scene.orders).slice(0, limit).map(toSummary),
    },
    list: () => scene.stuck.map(toSummary),
    read: (id: string) => toRun(id, scene.orders[id] ?? 'waits'),
  };
  const watch = createOrdersWatch({ engine, now: () => scene.now, olderThanMs: 5 * minute });
  return { scene, watch };
}

it('has an overdue order tried again ever more rarely, and counts that', () => {
  const { scene, watch } = createScene({ a: 'waits' });
  const triedAt: number[] = [];
  for (let passed = 0; passed <= 200; passed++) {
    if (watch.takeDue(false).includes('a')) triedAt.push(passed);
    scene.now += minute;
  }
  expect(triedAt).toEqual([0, 10, 30, 70, 130, 190]);
  expect(watch.look().overdue).toMatchObject({ count: 1, orders: [{ id: 'a', retries: 6 }] });
});

it('leaves alone what waits for a breaker or an answer, or was set aside', () => {
  const { watch } = createScene({
    a: 'parked',
    b: 'quarantined',
    c: 'in flight',
    d: 'of an unknown definition',
    e: 'waits',
  });
  expect(watch.takeDue(false)).toEqual(['e']);
  expect(watch.look().overdue.orders.map(({ goesOn }) => goesOn)).toEqual([
    true,
    false,
    true,
    false,
    true,
  ]);
});

it('tries twenty at a time, and each has its turn', () => {
  const names = Array.from({ length: 50 }, (_, i) => `ord_${i}`);
  const { watch } = createScene(Object.fromEntries(names.map((name) => [name, 'waits'])));
  const turns = [watch.takeDue(false), watch.takeDue(false), watch.takeDue(false)];
  expect(turns.map(({ length }) => length)).toEqual([20, 20, 10]);
  expect(turns.flat()).toEqual(names);
});

it('has what is owed tried at once when a participant answers again, and only then', () => {
  const { scene, watch } = createScene({});
  scene.stuck = ['a'];
  expect(watch.takeDue(false)).toEqual([]);
  expect(watch.takeDue(true)).toEqual(['a']);
});

it('has what is owed tried once a minute where a participant answers now and then', () => {
  const { scene, watch } = createScene({});
  scene.stuck = ['a'];
  let tried = 0;
  for (let second = 0; second < 120; second++) {
    tried += watch.takeDue(second % 10 === 0).length;
    scene.now += minute / 60;
  }
  expect(tried).toBe(2);
  scene.now += minute;
  expect(watch.takeDue(false)).toEqual(['a']);
  expect(watch.takeDue(false)).toEqual([]);
});

it('waits until an order is overdue', () => {
  const { scene, watch } = createScene({ a: 'waits' });
  scene.now = 5 * minute;
  expect(watch.takeDue(false)).toEqual([]);
  expect(watch.look().overdue.count).toBe(0);
});
