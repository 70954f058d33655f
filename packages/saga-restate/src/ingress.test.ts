import { expect, test } from 'vitest';
import { ClusterUnreachable, createIngress, type Ingress } from './ingress.ts';

const urls = ['http://127.0.0.1:1', 'http://127.0.0.1:2', 'http://127.0.0.1:3'];

test('calls that find a node dark together all go to the next one', async () => {
  const call = createIngress(urls);
  const asked: Ingress[][] = [];
  let dark: Ingress | undefined;
  const ask = (seen: Ingress[]) => async (node: Ingress) => {
    seen.push(node);
    dark ??= node;
    await new Promise((resolve) => setImmediate(resolve));
    if (node === dark) throw new Error('no answer');
  };
  for (let i = 0; i < 3; i += 1) asked.push([]);
  await Promise.all(asked.map((seen) => call(ask(seen))));
  expect(asked.map((seen) => seen.length)).toEqual([2, 2, 2]);
  const later: Ingress[] = [];
  await call(ask(later));
  expect(later).not.toContain(dark);
});

test('a cluster of which no node answers is unreachable', async () => {
  const call = createIngress(urls);
  let asked = 0;
  const calling = call(async () => {
    asked += 1;
    throw new Error('no answer');
  });
  await expect(calling).rejects.toThrow(ClusterUnreachable);
  expect(asked).toBe(urls.length + 1);
});
