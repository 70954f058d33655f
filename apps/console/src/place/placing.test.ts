import { expect, it, onTestFinished, vi } from 'vitest';
import { isPlacing, placeOnce } from './placing.ts';

const order = {
  name: 'place-order',
  noun: 'order',
  plural: 'orders',
  idPrefix: 'ord_',
  versions: [],
  presets: [],
};

/** An orchestrator whose answers are these, and the keys that it was sent. */
function serve(...statuses: readonly number[]): readonly string[] {
  const keys: string[] = [];
  const left = [...statuses];
  vi.stubGlobal('fetch', async (_path: string, { headers }: RequestInit) => {
    keys.push(new Headers(headers).get('idempotency-key') ?? '');
    const status = left.shift();
    if (!status) throw new TypeError('Failed to fetch');
    return Response.json({}, { status });
  });
  onTestFinished(() => void vi.unstubAllGlobals());
  return keys;
}

it('places one run for two clicks', async () => {
  const keys = serve(202, 202);
  const first = placeOnce(order, {});
  expect(isPlacing.value).toBe(true);
  expect(await placeOnce(order, {})).toBeUndefined();
  await first;
  expect([keys.length, isPlacing.value]).toEqual([1, false]);
});

it('asks under the same key until the same request is accepted', async () => {
  const keys = serve(0, 503, 202, 202);
  for (let times = 0; times < 4; times += 1) await placeOnce(order, { lines: 1 });
  const [first, second, third, fourth] = keys;
  expect([second, third]).toEqual([first, first]);
  expect(fourth).not.toBe(first);
});

it('asks for another run under another key', async () => {
  const keys = serve(0, 0);
  await placeOnce(order, { lines: 1 });
  await placeOnce(order, { lines: 2 });
  expect(new Set(keys).size).toBe(2);
});

it('places a run over http from another machine as well', async () => {
  const keys = serve(202);
  const { getRandomValues } = crypto;
  vi.stubGlobal('crypto', { getRandomValues: getRandomValues.bind(crypto) });
  await placeOnce(order, {});
  expect(keys[0]).toMatch(/^[\w-]{10,}$/);
});
