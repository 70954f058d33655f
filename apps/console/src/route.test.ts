import { expect, it, onTestFinished, vi } from 'vitest';

async function openAt(hash: string) {
  vi.resetModules();
  vi.stubGlobal('location', { hash });
  vi.stubGlobal('window', new EventTarget());
  onTestFinished(() => void vi.unstubAllGlobals());
  const { route, toHash } = await import('./route.ts');
  return { route: route.value, toHash };
}

it('reads back what it wrote', async () => {
  const hash = '#/orders/ord_%2F1?status=open';
  const { route, toHash } = await openAt(hash);
  expect(route).toEqual({ path: ['orders', 'ord_/1'], query: { status: 'open' } });
  expect(toHash(route.path, route.query)).toBe(hash);
});

it('takes as it is what no link of its own would say', async () => {
  const { route } = await openAt('#/orders/%E0%A4');
  expect(route.path).toEqual(['orders', '%E0%A4']);
});
