import { type Committed, createEngine, type Engine, ok, saga } from '@baton/saga';
import { createJournalFeed, createMemoryJournal, dueNow } from '@baton/saga/testing';
import { listen } from '@baton/service-kit/testing';
import request from 'supertest';
import { expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import { createOrderWorkflow } from '../testing/order-workflow.ts';
import { createStandIns } from '../testing/stand-in.ts';
import { createStandInOrchestrator } from '../testing/stand-in-orchestrator.ts';
import { createAdmission, feedAll, feedOne } from './event-feed.ts';
import { createTurns } from './turns.ts';

const counted = saga('counted', { version: 1, input: z.object({}) })
  .step('count', { perform: async () => ok(1), undo: null })
  .end();

/** An order that has ended, and how often its history was read since. */
async function createScene() {
  const journal = createMemoryJournal();
  const engine = await createEngine({ journal, sagas: [counted] });
  await engine.submit(counted, {}, { id: 'ord_1' });
  await engine.settled('ord_1');
  const scene = { reads: 0 };
  const listeners = new Set<(committed: Committed) => void>();
  const heard: Engine = Object.assign(Object.create(engine), {
    read: (id: string) => {
      scene.reads += 1;
      return engine.read(id);
    },
    feed: Object.assign(createJournalFeed(journal), {
      subscribe: (listener: (committed: Committed) => void) => {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    }),
  });
  const state = await engine.readState('ord_1');
  if (!state) throw new Error('the order is known');
  let { seq } = state;
  const commit = async (count: number): Promise<void> => {
    for (let i = 0; i < count; i++) {
      seq += 1;
      const event = { type: 'recovered', seq, at: 0 } as const;
      const summary = { saga: 'counted', version: 1, status: 'completed', acceptedAt: 0 } as const;
      const entry = { run: 'ord_1', events: [event] };
      const position = await journal.append({
        ...entry,
        summary: { ...summary, settledAt: 0 },
        rest: dueNow,
      });
      const committed = { run: 'ord_1', position: String(position), event, state };
      for (const listener of listeners) listener(committed);
    }
  };
  const stop = new AbortController();
  onTestFinished(async () => {
    stop.abort();
    await engine.stop();
  });
  const workflow = createOrderWorkflow(createStandIns().participants);
  const workflowOf = () => workflow;
  const source = {
    engine: heard,
    workflowOf,
    turn: createTurns(stop.signal),
    stopped: stop.signal,
  };
  const feeds = {
    all: () => feedAll(source, '0', stop.signal),
    one: () => feedOne(source, { id: 'ord_1', lastId: undefined }, stop.signal),
  };
  const feed = feeds.one();
  const take = async (count: number): Promise<string[]> => {
    const ids: string[] = [];
    for (let i = 0; i < count; i++) ids.push(String((await feed.next()).value?.id));
    return ids;
  };
  return { scene, commit, take, ended: seq, feeds };
}

/** The most of it that happened before others had their turn, while each of these was read by whoever never waits. */
async function readTogether(
  feeds: readonly AsyncGenerator[],
  each: number,
  count: () => number,
): Promise<number> {
  let [most, before] = [0, count()];
  const measure = (): void => {
    most = Math.max(most, count() - before);
    before = count();
  };
  let ticking = setImmediate(function tick() {
    measure();
    ticking = setImmediate(tick);
  });
  const read = async (feed: AsyncGenerator): Promise<void> => {
    for (let i = 0; i < each; i++) await feed.next();
  };
  await Promise.all(feeds.map(read));
  clearImmediate(ticking);
  measure();
  return most;
}

it('reads the history of an order once, and hears of what follows', async () => {
  const { scene, commit, take, ended } = await createScene();
  await take(ended);
  const next = take(2);
  await commit(1);
  await commit(1);
  expect(await next).toEqual([String(ended + 1), String(ended + 2)]);
  expect(scene.reads).toBe(1);
});

it('reads on where more came than is kept for a listener', async () => {
  const { scene, commit, take, ended } = await createScene();
  await take(ended);
  await commit(250);
  const ids = await take(250);
  expect(ids).toEqual(Array.from({ length: 250 }, (_, i) => String(ended + 1 + i)));
  expect(scene.reads).toBe(2);
});

it.each(['all', 'one'] as const)(
  'lets others have their turn while many read %s from the beginning',
  async (kind) => {
    const { commit, ended, feeds } = await createScene();
    await commit(300);
    let taken = 0;
    async function* counted(feed: AsyncGenerator) {
      for await (const event of feed) {
        taken += 1;
        yield event;
      }
    }
    const listeners = Array.from({ length: 20 }, () => counted(feeds[kind]()));
    const most = await readTogether(listeners, ended + 300, () => taken);
    expect(taken).toBe(20 * (ended + 300));
    expect(most).toBeLessThanOrEqual(400);
  },
);

it('reads whole histories in turns', async () => {
  const { scene, ended, feeds } = await createScene();
  const listeners = Array.from({ length: 20 }, feeds.one);
  const most = await readTogether(listeners, ended, () => scene.reads);
  expect(scene.reads).toBe(20);
  expect(most).toBeLessThanOrEqual(8);
});

it('admits no more listeners at a time than it may, and counts who listens', async () => {
  async function* feed() {
    yield { event: 'x', data: {} };
  }
  const admit = createAdmission(2);
  const [first, second] = [admit(feed()), admit(feed())].map((events) =>
    events?.[Symbol.asyncIterator](),
  );
  expect(admit(feed())).toBeUndefined();
  await first?.return?.();
  await first?.return?.();
  const third = admit(feed())?.[Symbol.asyncIterator]();
  expect(await third?.next()).toMatchObject({ value: { event: 'x' } });
  expect(admit(feed())).toBeUndefined();
  expect(second).toBeDefined();
});

it('tells the hundred-and-first listener when to come back', async () => {
  const orchestrator = await createStandInOrchestrator();
  const { url, close } = await listen(orchestrator.app);
  const leaving = new AbortController();
  onTestFinished(async () => {
    leaving.abort();
    await orchestrator.stop();
    await close();
  });
  const open = () => fetch(`${url}/events`, { signal: leaving.signal });
  const opened = await Promise.all(Array.from({ length: 100 }, open));
  expect(opened.every(({ status }) => status === 200)).toBe(true);
  const refused = await open();
  expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '5']);
  const [first] = opened;
  await first?.body?.cancel();
  await expect.poll(async () => (await open()).status).toBe(200);
});

it('reads nothing more once it has stopped, though a listener is not known to have gone', async () => {
  const orchestrator = await createStandInOrchestrator();
  const client = request(orchestrator.app);
  const { body } = await client.post('/orders').send({
    customerId: 'ada',
    lines: [{ sku: 'mug', quantity: 2 }],
    payment: { method: 'card', token: 'tok_ok' },
  });
  await orchestrator.stop();
  for (const path of ['/events', `/orders/${body.orderId}/events`]) {
    const { status, text } = await client.get(path).set('last-event-id', '0');
    expect([status, text]).toEqual([200, '']);
  }
});
