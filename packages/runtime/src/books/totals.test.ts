import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createEngine, type Engine } from '@baton/saga';
import { createMemoryJournal, createMemoryStore } from '@baton/saga/testing';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createOrderSaga } from '../testing/order-workflow.ts';
import { createStandIns } from '../testing/stand-in.ts';
import { addShare, createPruning, readCarried } from './pruning.ts';
import { createTotals, type ReadableEngine } from './totals.ts';

const signal = new AbortController().signal;
const keepMs = 3_600_000;
const toOrder = (quantity: number) => ({
  customerId: 'ada',
  lines: [{ sku: 'mug', quantity }],
  payment: { method: 'card' as const, token: 'tok_ok' },
});
/** Whatever the order asked for. */
function moved({ input }: { readonly input: unknown }) {
  const { quantity } = (input as ReturnType<typeof toOrder>).lines[0] ?? { quantity: 0 };
  return { money: { EUR: quantity * 100 }, stock: { mug: quantity } };
}

/** An engine on a store that outlives it, whose inventory may refuse and whose undo may be refused, and be written off. */
async function createScene() {
  const folder = mkdtempSync(join(tmpdir(), 'baton-totals-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, 'totals.json');
  const scene = {
    now: 0,
    isDeclining: false,
    mayUndo: true,
    mayTell: true,
    reads: 0,
    onRead: async (_id: string): Promise<void> => {},
  };
  const refused = { reply: 'refused' as const, code: 'declined' };
  const lost = { reply: 'unknown' as const, code: 'status-422', retriable: false };
  const done = { reply: 'ok' as const, output: null };
  const saga = createOrderSaga(
    createStandIns({
      'payment-service': {
        process: async () => (scene.isDeclining ? refused : { ...done, output: {} }),
      },
      'notification-service': { notify: async () => (scene.mayTell ? done : lost) },
      'inventory-service': { release: async () => (scene.mayUndo ? done : refused) },
    } as never).participants,
  );
  const clock = { now: () => scene.now, setTimer: () => () => {} };
  const pruning = createPruning({ sagas: [saga], moved, keepMs, now: clock.now });
  const store = createMemoryStore();
  let journal = createMemoryJournal(store);
  let engine: Engine = await createEngine({ journal, sagas: [saga], clock });
  let totals = createTotals(pruning, path);
  onTestFinished(() => engine.stop());
  const readable: ReadableEngine = {
    get archive() {
      return engine.archive;
    },
    get feed() {
      return engine.feed;
    },
    list: (query) => engine.list(query),
    readState: (id) => engine.readState(id),
    read: async (id) => {
      scene.reads += 1;
      await scene.onRead(id);
      return engine.read(id);
    },
  };
  /** All that is kept, and what is carried of the rest. */
  const fold = async () => {
    let all = readCarried(await engine.archive.read());
    for (const { id } of await engine.list({ limit: 999 })) {
      const state = await engine.readState(id);
      if (state && state.settledAt !== null) all = addShare(all, pruning.toShare(id, state));
    }
    return all;
  };
  return {
    scene,
    path,
    fold,
    pruning,
    place: async (id: string, quantity: number): Promise<void> => {
      await engine.submit(saga, toOrder(quantity), { id });
      for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
      // An undo that is refused is given up.
      if (!scene.mayUndo) await engine.skip(id, 'reserve', 'gone');
      for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
    },
    prune: async (id: string): Promise<boolean> => {
      const state = await engine.readState(id);
      if (!state || state.settledAt === null) return false;
      journal.prune([id], pruning.carry(journal.readCarried(), state, id));
      return true;
    },
    /** A deferred step is done: the order has settled, and goes on. */
    repair: async (id: string): Promise<boolean> => {
      const isDone = (await engine.retry(id, 'well again')) === 'done';
      for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
      return isDone;
    },
    restart: async (): Promise<void> => {
      await engine.stop();
      journal = createMemoryJournal(store);
      engine = await createEngine({ journal, sagas: [saga], clock });
      totals = createTotals(pruning, path);
    },
    catchUp: () => totals.catchUp(readable, signal),
  };
}

/** Amounts that are 0 are nothing, and what was given up has no order. */
const toPlain = ({
  tally,
  givenUp,
}: Awaited<ReturnType<Awaited<ReturnType<typeof createScene>>['fold']>>) => ({
  tally: Object.entries(tally)
    .flatMap(([account, amounts]) =>
      Object.entries(amounts).flatMap(([unit, amount]) =>
        amount === 0 ? [] : [`${account} ${unit} ${amount}`],
      ),
    )
    .sort(),
  givenUp: givenUp.map(({ orderId, way }) => `${orderId} ${way}`).sort(),
});

type Scene = Awaited<ReturnType<typeof createScene>>;
type Act = (scene: Scene, ids: string[]) => Promise<void>;

const seen = { givenUp: 0, pruned: 0, repaired: 0 };

const place =
  (quantity: number, change: Partial<Scene['scene']> = {}): Act =>
  async ({ scene, ...played }, ids) => {
    Object.assign(scene, { isDeclining: false, mayUndo: true, mayTell: true, ...change });
    await played.place(`ord_${ids.push('')}`, quantity);
    ids.splice(-1, 1, `ord_${ids.length}`);
  };
const prune =
  (which: number): Act =>
  async (played, ids) => {
    if (await played.prune(ids[which] ?? '')) seen.pruned += 1;
  };
const repair =
  (which: number): Act =>
  async ({ scene, ...played }, ids) => {
    scene.mayTell = true;
    if (await played.repair(ids[which] ?? '')) seen.repaired += 1;
  };
async function look({ catchUp, fold }: Scene): Promise<void> {
  const said = await catchUp();
  const all = await fold();
  seen.givenUp += all.givenUp.length;
  expect(said && toPlain(said)).toEqual(toPlain(all));
}
const restart: Act = (played) => played.restart();
const lose: Act = async ({ path }) => rmSync(path, { force: true });

const act: fc.Arbitrary<Act> = fc.oneof(
  fc.integer({ min: 1, max: 9 }).map((quantity) => place(quantity)),
  fc.boolean().map((mayUndo) => place(1, { isDeclining: true, mayUndo })),
  fc.integer({ min: 1, max: 9 }).map((quantity) => place(quantity, { mayTell: false })),
  fc.nat(4).map(prune),
  fc.nat(4).map(repair),
  fc.constantFrom(look, restart, lose),
);

describe('the totals', () => {
  it('are what all orders come to, whatever happens between two looks', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(act, { minLength: 4, maxLength: 14 }), async (acts) => {
        const scene = await createScene();
        const ids: string[] = [];
        for (const play of [...acts, look]) await play(scene, ids);
      }),
      { numRuns: 80 },
    );
    expect(seen.givenUp).toBeGreaterThan(0);
    expect(seen.pruned).toBeGreaterThan(0);
    expect(seen.repaired).toBeGreaterThan(0);
  });

  it('count an order that settles, and is pruned before anybody reads it', async () => {
    const { scene, fold, catchUp, prune, ...played } = await createScene();
    await played.place('ord_a', 1);
    await catchUp();
    await played.place('ord_b', 2);
    scene.onRead = async (id) => {
      scene.onRead = async () => {};
      await prune(id);
    };
    // Nobody can tell, and the next look can.
    expect(await catchUp()).toBeUndefined();
    const said = await catchUp();
    expect(said && toPlain(said)).toEqual(toPlain(await fold()));
  });

  it('read each order once, also over a restart', async () => {
    const { scene, place, restart, catchUp } = await createScene();
    for (const id of ['ord_a', 'ord_b', 'ord_c']) await place(id, 1);
    await catchUp();
    expect(scene.reads).toBe(3);
    await catchUp();
    await restart();
    await place('ord_d', 1);
    expect((await catchUp())?.tally).toEqual({ money: { EUR: 400 }, stock: { mug: 4 } });
    expect(scene.reads).toBe(4);
  });

  it.each([
    ['another journal', (text: string) => text.replace('"run":"ord_b"', '"run":"ord_z"')],
    ['nothing that can be read', () => '{'],
  ])('of %s are read again from the first order', async (_, change) => {
    const { place, restart, catchUp, path } = await createScene();
    for (const id of ['ord_a', 'ord_b']) await place(id, 1);
    await catchUp();
    const text = readFileSync(path, 'utf8').replace('"EUR":200', '"EUR":999');
    writeFileSync(path, change(text));
    await restart();
    expect((await catchUp())?.tally).toMatchObject({ money: { EUR: 200 } });
  });
});
