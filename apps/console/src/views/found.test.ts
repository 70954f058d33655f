import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { find, found, readFound } from './found.ts';

const order = {
  name: 'place-order',
  noun: 'order',
  plural: 'orders',
  idPrefix: 'ord_',
  versions: [],
  presets: [],
};
const refund = { ...order, noun: 'refund', plural: 'refunds', idPrefix: 'ref_' };
const page = (looked: number, nextCursor: string | null) =>
  Response.json({ found: [], looked, nextCursor });

/** What was asked for and is not answered yet. */
let asked: { readonly path: string; readonly answer: (response: Response) => void }[] = [];
beforeEach(() => {
  asked = [];
  found.value = undefined;
  vi.stubGlobal('requestAnimationFrame', () => 0);
  vi.stubGlobal(
    'fetch',
    (path: string) => new Promise<Response>((answer) => asked.push({ path, answer })),
  );
});
afterEach(() => vi.unstubAllGlobals());

async function findOn(workflow: typeof order, word: string, response: Response): Promise<void> {
  const finding = find(workflow, word);
  asked.pop()?.answer(response);
  await finding;
}

it('goes on among older runs, and does nothing at the end', async () => {
  await findOn(order, 'ada', page(1_000, '7'));
  await findOn(order, 'ada', page(6, null));
  void find(order, 'ada');
  expect(asked).toEqual([]);
  expect(found.value?.looked).toBe(1_006);
});

it('tries again what failed', async () => {
  await findOn(order, 'ada', Response.json({ title: 'no' }, { status: 503 }));
  expect(found.value?.why).toBe('no');
  await findOn(order, 'ada', page(6, null));
  expect(found.value).toMatchObject({ looked: 6, why: undefined });
});

it('looks once where it is asked twice', async () => {
  const both = [find(order, 'ada'), find(order, 'ada')];
  expect(asked).toHaveLength(1);
  asked[0]?.answer(page(6, null));
  await Promise.all(both);
  expect(found.value?.looked).toBe(6);
});

it('leaves out what comes too late', async () => {
  const late = find(order, 'ada');
  const [ada] = asked.splice(0);
  await findOn(order, 'bob', page(5, null));
  ada?.answer(page(6, null));
  await late;
  expect(readFound(order, 'bob')?.looked).toBe(5);
});

it('keeps the workflows apart', async () => {
  await findOn(order, 'ada', page(6, null));
  expect(readFound(order, 'ada')?.looked).toBe(6);
  expect(readFound(refund, 'ada')).toBeUndefined();
  await findOn(refund, 'ada', page(2, null));
  expect(readFound(refund, 'ada')?.looked).toBe(2);
});
