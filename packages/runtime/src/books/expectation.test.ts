import { createEngine, type Engine } from '@baton/saga';
import { createMemoryJournal } from '@baton/saga/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createOrderSaga } from '../testing/order-workflow.ts';
import { createStandIns } from '../testing/stand-in.ts';
import { expect as expectHeld } from './expectation.ts';
import { createPruning } from './pruning.ts';
import { createTotals } from './totals.ts';

const signal = new AbortController().signal;
const keepMs = 3_600_000;
const order = {
  customerId: 'ada',
  lines: [{ sku: 'mug', quantity: 2 }],
  payment: { method: 'card' as const, token: 'tok_ok' },
};

const moved = () => ({ money: { EUR: 2_400 }, stock: { mug: 2 } });

/** So many completed orders, and what happens whenever one of them was read. */
async function createScene(count: number) {
  const saga = createOrderSaga(createStandIns().participants);
  const scene = { now: 0, onRead: async (_nth: number): Promise<void> => {} };
  const clock = { now: () => scene.now, setTimer: () => () => {} };
  const pruning = createPruning({ sagas: [saga], moved, keepMs, now: clock.now });
  const journal = createMemoryJournal();
  const engine = await createEngine({ journal, sagas: [saga], clock });
  onTestFinished(() => engine.stop());
  const ids = Array.from({ length: count }, (_, i) => `ord_${i}`);
  for (const id of ids) {
    await engine.submit(saga, order, { id });
    await engine.settled(id);
  }
  scene.now = keepMs + 1;
  const prune = async (id: string): Promise<void> => {
    const state = await engine.readState(id);
    if (state) journal.prune([id], pruning.carry(journal.readCarried(), state, id));
  };
  let reads = 0;
  const read: Engine['read'] = async (id) => {
    const view = await engine.read(id);
    await scene.onRead(reads++);
    return view;
  };
  const { archive, feed } = engine;
  const list: Engine['list'] = (query) => engine.list(query);
  const readState: Engine['readState'] = (id) => engine.readState(id);
  const readable = { archive, feed, list, read, readState };
  const look = () => expectHeld(readable, { totals: createTotals(pruning), pruning }, signal);
  return { scene, ids, prune, look };
}

const held = { money: { EUR: 7_200 }, stock: { mug: 6 } };

describe('the books, while orders are pruned', () => {
  const places = [0, 1, 2].flatMap((nth) => [0, 1, 2].map((which) => [nth, which] as const));

  it.each(places)('count each order once: at read %i, order %i is pruned', async (nth, which) => {
    const { scene, ids, prune, look } = await createScene(3);
    scene.onRead = async (read) => {
      if (read === nth) await prune(ids[which] ?? '');
    };
    expect(await look()).toMatchObject({ certain: held, open: [] });
    expect(await look()).toMatchObject({ certain: held });
  });

  it('are read though an order is pruned each time that one is read', async () => {
    const { scene, ids, prune, look } = await createScene(3);
    scene.onRead = (read) => prune(ids[read] ?? '');
    expect(await look()).toMatchObject({ certain: held });
  });

  it('are not told when what was pruned may have been counted before', async () => {
    const { scene, ids, prune, look } = await createScene(3);
    // A clock that jumps makes orders old that were young when the audit began.
    scene.now = 0;
    const [first = ''] = ids;
    scene.onRead = async (read) => {
      scene.now = keepMs + 1;
      if (read === 2) await prune(first);
    };
    expect(await look()).toMatchObject({ certain: held });
  });
});
