import { expect, it, onTestFinished, vi } from 'vitest';

const order = {
  name: 'place-order',
  noun: 'order',
  plural: 'orders',
  idPrefix: 'ord_',
  versions: [],
  presets: [],
};
const at = '2026-01-01T00:00:00.000Z';
const toPage = (orderIds: readonly string[], nextCursor: string | null = null) => ({
  orders: orderIds.map((orderId) => ({
    orderId,
    status: 'completed',
    version: 1,
    createdAt: at,
    degraded: [],
    writtenOff: [],
  })),
  nextCursor,
});
const fixed: Readonly<Record<string, unknown>> = {
  '/workflows': { workflows: [order] },
  '/overview': { startedAt: at, breakable: true },
};

interface Said {
  readonly list: (path: string) => unknown;
  /** Paths whose first answer is a failure. */
  readonly failing?: readonly string[];
}

/** A page that was just opened, and what it asked for. */
async function open({ list, failing = [] }: Said) {
  vi.resetModules();
  vi.useFakeTimers();
  vi.stubGlobal('requestAnimationFrame', (draw: () => void) => setTimeout(draw));
  const asked: string[] = [];
  const left = new Set(failing);
  let writer: WritableStreamDefaultWriter | undefined;
  function connect(): ReadableStream {
    const { readable, writable } = new TransformStream();
    writer = writable.getWriter();
    return readable;
  }
  vi.stubGlobal('fetch', async (path: string) => {
    if (path === '/events') return new Response(connect());
    asked.push(path);
    if (left.delete(path.split('?')[0] ?? '')) return Response.json({}, { status: 503 });
    return Response.json(fixed[path] ?? list(path));
  });
  const live = await import('./live.ts');
  const stop = live.startLive();
  const wait = () => vi.advanceTimersByTimeAsync(1_500);
  onTestFinished(() => {
    stop();
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });
  await wait();
  return {
    live,
    asked,
    wait,
    tell: async (events: readonly object[]) => {
      const texts = events.map((event) => `id: 1\ndata: ${JSON.stringify(event)}\n\n`);
      await writer?.write(new TextEncoder().encode(texts.join('')));
      await wait();
    },
    cut: () => writer?.close(),
  };
}

it('asks again for what failed when it was opened', async () => {
  const { live, wait } = await open({
    list: () => toPage(['ord_1']),
    failing: ['/workflows', '/orders', '/overview'],
  });
  expect(live.isRead(order)).toBe(false);
  await wait();
  await wait();
  expect(live.listIds(order)).toEqual(['ord_1']);
  expect(live.isBreakable.value).toBe(true);
});

it('shows what came while the connection was lost, where it had heard nothing before', async () => {
  const orders = ['ord_1'];
  const { live, wait, cut } = await open({ list: () => toPage(orders) });
  expect(live.listIds(order)).toEqual(['ord_1']);
  orders.push('ord_2');
  await cut();
  await wait();
  expect(live.listIds(order)).toEqual(['ord_1', 'ord_2']);
});

const listTwoPages = (path: string) =>
  path.includes('cursor') ? toPage(['ord_1']) : toPage(['ord_2'], '2');

it('asks for older runs once, however often it is told to meanwhile', async () => {
  const { live, asked, wait } = await open({ list: listTwoPages });
  for (let times = 0; times < 5; times += 1) void live.loadOlder(order);
  await wait();
  expect(asked.filter((path) => path.includes('cursor'))).toHaveLength(1);
  expect(live.listIds(order)).toHaveLength(2);
  expect(live.hasOlder(order)).toBe(false);
});

it('reads no older runs once it has forgotten some: the list would have a hole', async () => {
  const { live, asked, wait, tell } = await open({ list: listTwoPages });
  const numbers = Array.from({ length: 12_000 }, (_, place) => place + 10);
  await tell(numbers.map((number) => ({ orderId: `ord_${number}`, seq: 1, type: 'accepted', at })));
  expect(live.listIds(order)).toHaveLength(11_001);
  void live.loadOlder(order);
  await wait();
  expect(asked.filter((path) => path.includes('cursor'))).toEqual([]);
  expect([live.hasOlder(order), live.isFull(order)]).toEqual([true, true]);
});
