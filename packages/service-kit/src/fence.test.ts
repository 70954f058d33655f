import { once } from 'node:events';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  createFence,
  type Fence,
  type StoredReply,
  type UndoVerdict,
  type Verdict,
} from './fence.ts';
import { openStore, type Store } from './store.ts';
import { createTemporaryFolder } from './testing/stand-in/temporary-folder.ts';

const schema = 'CREATE TABLE IF NOT EXISTS effects (key TEXT)';
const firstKey = 'ord_1:reserve';
const firstBody = { orderId: 'ord_1', lines: [1] };

const open: Store[] = [];
function openAt(path = ':memory:', busyTimeoutMs = 2_000): { store: Store; fence: Fence } {
  const store = openStore({ path, migrations: [schema], busyTimeoutMs });
  open.push(store);
  return { store, fence: createFence(store, () => 0) };
}
afterEach(() => {
  for (const store of open.splice(0)) store.close();
});

const reply = (text: string): StoredReply => ({ status: 200, headers: { a: 'b' }, body: { text } });
const insert = ({ db }: Store) => db.prepare('INSERT INTO effects VALUES (?)').run(firstKey);
const effects = ({ db }: Store) => db.prepare('SELECT count(*) AS n FROM effects').get()?.n;
const stateOf = ({ db }: Store) =>
  db.prepare('SELECT state FROM fence WHERE key = ?').get(firstKey)?.state;

const forwardWith = (verdict: Verdict['verdict'], store: Store, text = verdict as string) =>
  vi.fn((): Verdict => {
    insert(store);
    return { verdict, reply: reply(text) };
  });
const undoing = ({ db }: Store) =>
  vi.fn((exists: boolean): UndoVerdict => {
    if (exists) db.prepare('DELETE FROM effects').run();
    return { verdict: 'undone' };
  });
function mustNotRun(): never {
  throw new Error('the effect ran although a row answers');
}

describe('forward', () => {
  it('is done and stored where there is no row, then replayed', async () => {
    const { store, fence } = openAt();
    const effect = forwardWith('done', store);
    const expected = { outcome: 'reply', reply: reply('done') };
    expect(await fence.forward(firstKey, firstBody, effect)).toEqual({
      ...expected,
      replayed: false,
    });
    expect(await fence.forward(firstKey, firstBody, mustNotRun)).toEqual({
      ...expected,
      replayed: true,
    });
    expect([effects(store), stateOf(store)]).toEqual([1, 'DONE']);
  });

  it('a refusal is stored and replayed, and what the effect wrote is not', async () => {
    const { store, fence } = openAt();
    const expected = { outcome: 'reply', reply: reply('refused') };
    const effect = forwardWith('refused', store);
    expect(await fence.forward(firstKey, firstBody, effect)).toEqual({
      ...expected,
      replayed: false,
    });
    expect(await fence.forward(firstKey, firstBody, mustNotRun)).toEqual({
      ...expected,
      replayed: true,
    });
    expect([effects(store), stateOf(store)]).toEqual([0, 'REFUSED']);
  });

  it('a rejection stores nothing, so that the next one is done', async () => {
    const { store, fence } = openAt();
    await fence.forward(firstKey, firstBody, forwardWith('rejected', store));
    expect([effects(store), stateOf(store)]).toEqual([0, undefined]);
    await fence.forward(firstKey, firstBody, forwardWith('done', store));
    expect([effects(store), stateOf(store)]).toEqual([1, 'DONE']);
  });

  it('a throw rolls everything back, so that the next one is done', async () => {
    const { store, fence } = openAt();
    const failing = () => {
      insert(store);
      throw new Error('planned');
    };
    await expect(fence.forward(firstKey, firstBody, failing)).rejects.toThrow('planned');
    expect([effects(store), stateOf(store)]).toEqual([0, undefined]);
    await fence.forward(firstKey, firstBody, forwardWith('done', store));
    expect(effects(store)).toBe(1);
  });

  it('an effect whose row cannot be written is taken back', async () => {
    const { store } = openAt();
    const failing = createFence(store, () => {
      throw new Error('no clock');
    });
    await expect(failing.forward(firstKey, firstBody, forwardWith('done', store))).rejects.toThrow(
      'no clock',
    );
    expect([effects(store), stateOf(store)]).toEqual([0, undefined]);
  });

  it.each(['done', 'refused'] as const)(
    'after %s, another body under the key is told so',
    async (verdict) => {
      const { store, fence } = openAt();
      await fence.forward(firstKey, firstBody, forwardWith(verdict, store));
      const other = { ...firstBody, lines: [2] };
      expect(await fence.forward(firstKey, other, mustNotRun)).toEqual({ outcome: 'key-reused' });
    },
  );

  it('the same body in another order of keys is the same body', async () => {
    const { store, fence } = openAt();
    await fence.forward(firstKey, firstBody, forwardWith('done', store));
    const turned = { lines: [1], orderId: 'ord_1' };
    expect(await fence.forward(firstKey, turned, mustNotRun)).toMatchObject({ replayed: true });
  });
});

describe('undo', () => {
  it('where there is no row it leaves a tombstone, which fences the late forward', async () => {
    const { store, fence } = openAt();
    const effect = undoing(store);
    expect(await fence.undo(firstKey, firstBody, effect)).toEqual({
      outcome: 'undone',
      replayed: false,
    });
    expect(effect).toHaveBeenCalledWith(false);
    expect(stateOf(store)).toBe('TOMBSTONE');
    expect(await fence.forward(firstKey, firstBody, mustNotRun)).toEqual({ outcome: 'fenced' });
    expect(await fence.undo(firstKey, firstBody, mustNotRun)).toEqual({
      outcome: 'undone',
      replayed: true,
    });
    expect(stateOf(store)).toBe('TOMBSTONE');
  });

  it('after done it undoes once, and fences a repeated forward', async () => {
    const { store, fence } = openAt();
    await fence.forward(firstKey, firstBody, forwardWith('done', store));
    expect(await fence.undo(firstKey, {}, undoing(store))).toEqual({
      outcome: 'undone',
      replayed: false,
    });
    expect([effects(store), stateOf(store)]).toEqual([0, 'UNDONE']);
    expect(await fence.undo(firstKey, {}, mustNotRun)).toEqual({
      outcome: 'undone',
      replayed: true,
    });
    expect(await fence.forward(firstKey, firstBody, mustNotRun)).toEqual({ outcome: 'fenced' });
    expect([effects(store), stateOf(store)]).toEqual([0, 'UNDONE']);
  });

  it('after a refusal there is nothing to undo, and the refusal stays', async () => {
    const { store, fence } = openAt();
    await fence.forward(firstKey, firstBody, forwardWith('refused', store));
    const effect = undoing(store);
    expect(await fence.undo(firstKey, {}, effect)).toEqual({ outcome: 'undone', replayed: false });
    expect(effect).toHaveBeenCalledWith(false);
    expect(stateOf(store)).toBe('REFUSED');
    expect(await fence.forward(firstKey, firstBody, mustNotRun)).toMatchObject({
      reply: reply('refused'),
    });
    expect(await fence.undo(firstKey, {}, mustNotRun)).toEqual({
      outcome: 'undone',
      replayed: true,
    });
  });

  it('a rejected undo leaves no tombstone, and after done it leaves the effect', async () => {
    const { store, fence } = openAt();
    const rejecting = (): UndoVerdict => ({ verdict: 'rejected', reply: reply('no') });
    expect(await fence.undo(firstKey, {}, rejecting)).toEqual({
      outcome: 'rejected',
      reply: reply('no'),
    });
    expect(stateOf(store)).toBeUndefined();
    await fence.forward(firstKey, firstBody, forwardWith('done', store));
    await fence.undo(firstKey, {}, rejecting);
    expect([effects(store), stateOf(store)]).toEqual([1, 'DONE']);
  });

  it('a throw leaves the effect and its row', async () => {
    const { store, fence } = openAt();
    await fence.forward(firstKey, firstBody, forwardWith('done', store));
    const failing = () => {
      store.db.exec('DELETE FROM effects');
      throw new Error('planned');
    };
    await expect(fence.undo(firstKey, {}, failing)).rejects.toThrow('planned');
    expect([effects(store), stateOf(store)]).toEqual([1, 'DONE']);
  });

  it('an undo whose row cannot be written is taken back', async () => {
    const { store, fence } = openAt();
    await fence.forward(firstKey, firstBody, forwardWith('done', store));
    const failing = createFence(store, () => {
      throw new Error('no clock');
    });
    await expect(failing.undo(firstKey, {}, undoing(store))).rejects.toThrow('no clock');
    expect([effects(store), stateOf(store)]).toEqual([1, 'DONE']);
  });

  it.each(['none', 'done', 'refused'] as const)(
    'after %s, another body for the undo is told so',
    async (first) => {
      const { store, fence } = openAt();
      if (first !== 'none') await fence.forward(firstKey, firstBody, forwardWith(first, store));
      await fence.undo(firstKey, { orderId: 'ord_1' }, undoing(store));
      const other = { orderId: 'ord_2' };
      expect(await fence.undo(firstKey, other, mustNotRun)).toEqual({ outcome: 'key-reused' });
    },
  );
});

describe('the file', () => {
  const newPath = () => join(createTemporaryFolder(), 'store.sqlite');

  it('answers the same after it was closed and opened again', async () => {
    const path = newPath();
    const first = openAt(path);
    await first.fence.forward(firstKey, firstBody, forwardWith('done', first.store));
    await first.fence.undo('ord_2:reserve', {}, undoing(first.store));
    first.store.close();
    const { store, fence } = openAt(path);
    expect(await fence.forward(firstKey, firstBody, mustNotRun)).toMatchObject({
      reply: reply('done'),
    });
    expect(await fence.forward('ord_2:reserve', firstBody, mustNotRun)).toEqual({
      outcome: 'fenced',
    });
    expect([effects(store), store.incarnation]).toEqual([1, first.store.incarnation]);
  });

  it('lets no second connection look while an effect is under way', async () => {
    const path = newPath();
    const one = openAt(path);
    const two = openAt(path, 20);
    await one.fence.forward(firstKey, firstBody, () => {
      expect(() => two.store.db.exec('BEGIN IMMEDIATE')).toThrow(/locked/);
      return { verdict: 'done', reply: reply('one') };
    });
    expect(await two.fence.forward(firstKey, firstBody, mustNotRun)).toMatchObject({
      reply: reply('one'),
    });
  });

  it('keeps one effect per key when threads race for the same keys', async () => {
    const path = newPath();
    const { store } = openAt(path);
    const keys = Array.from({ length: 200 }, (_, i) => `ord_${i}:reserve${i}`);
    const script = new URL('./testing/stand-in/race.ts', import.meta.url);
    const workers = [keys, keys, [...keys].reverse()].map(
      (mine) => new Worker(script, { workerData: { path, migrations: [schema], keys: mine } }),
    );
    await Promise.all(workers.map((worker) => once(worker, 'message')));
    const ended = workers.map((worker) => once(worker, 'exit'));
    for (const worker of workers) worker.postMessage('go');
    expect((await Promise.all(ended)).flat()).toEqual([0, 0, 0]);
    const left = store.db.prepare('SELECT key, count(*) AS n FROM effects GROUP BY key').all();
    expect(left.every(({ n }) => n === 1)).toBe(true);
    // Every tenth key was undone by each thread; whatever came after that was fenced.
    expect(left.map(({ key }) => key)).toHaveLength(180);
  });
});
