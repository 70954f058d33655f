import { afterEach, expect, it, vi } from 'vitest';
import { workflows } from '../live.ts';
import { createProof } from './proof.ts';

const order = {
  name: 'place-order',
  noun: 'order',
  plural: 'orders',
  idPrefix: 'ord_',
  versions: [],
  presets: [],
};
const books = { balanced: true, money: [], stock: [] };

/** What is asked for, in order; each answers what `say` says for its path. */
function listen(say: (path: string) => unknown): readonly string[] {
  workflows.value = [order];
  const asked: string[] = [];
  vi.stubGlobal('fetch', async (path: string) => {
    asked.push(path);
    return Response.json(say(path));
  });
  return asked;
}
afterEach(() => {
  vi.unstubAllGlobals();
  workflows.value = [];
});

const { signal } = new AbortController();

it('asks for the runs and the books until all is known, and then no more', async () => {
  let status = 'running';
  let unreachable = ['payment-service'];
  const asked = listen((path) => (path === '/audit' ? { ...books, unreachable } : { status }));
  const { find, look } = createProof(['ord_1']);
  await look(signal);
  status = 'completed';
  await look(signal);
  expect(find('ord_1')).toBe('completed');
  unreachable = [];
  const last = await look(signal);
  expect(asked).toEqual(['/orders/ord_1', '/audit', '/orders/ord_1', '/audit', '/audit']);
  expect(await look(signal)).toBe(last);
  expect(asked).toHaveLength(5);
});

it('asks for no further run once nobody looks', async () => {
  const leaving = new AbortController();
  const asked = listen(() => {
    leaving.abort();
    return { status: 'completed' };
  });
  await createProof(['ord_1', 'ord_2']).look(leaving.signal);
  expect(asked).toEqual(['/orders/ord_1']);
});

it('asks for nothing where no run was open', async () => {
  const asked = listen(() => books);
  await createProof([]).look(signal);
  expect(asked).toEqual([]);
});
