import { expect, it } from 'vitest';
import { ok, type Reply, refused } from '../core/reply.ts';
import { saga } from '../core/saga.ts';
import { anyInput } from '../fixtures/any-input.ts';
import { createMemoryJournal, createMemoryStore } from '../testing/memory-journal.ts';
import { createEngine } from './embedded-engine.ts';

it('shows the end of a run to nobody before it is durable', async () => {
  const done = async () => ok(null);
  const definition = saga('one', { version: 1, input: anyInput() })
    .pivot('pay', { perform: done, undo: done })
    .end();
  const journal = createMemoryJournal();
  const gate = Promise.withResolvers<void>();
  let isEnding = false;
  const append: typeof journal.append = async (entry) => {
    isEnding = entry.events.some(({ type }) => type === 'completed');
    if (isEnding) await gate.promise;
    return journal.append(entry);
  };
  const engine = await createEngine({ journal: { ...journal, append }, sagas: [definition] });
  await engine.submit(definition, null, { id: 'r1' });
  await expect.poll(() => isEnding).toBe(true);
  const early = await engine.settled('r1', AbortSignal.timeout(30));
  expect(early).toBeUndefined();
  gate.resolve();
  expect((await engine.settled('r1'))?.phase).toBe('completed');
  await engine.stop();
});

it.each([
  ['completed', 'ok', [['accepted'], ['step-succeeded'], ['step-succeeded', 'completed']]],
  [
    'undone',
    'refused',
    [
      ['accepted'],
      ['step-succeeded'],
      ['step-refused', 'compensation-decided'],
      ['undo-succeeded', 'compensated'],
    ],
  ],
] as const)(
  'stores what needs no call with what it follows from: %s',
  async (_, reply, commits) => {
    const definition = saga('two', { version: 1, input: anyInput() })
      .step('hold', { perform: async () => ok(null), undo: async () => ok(null) })
      .pivot('pay', {
        perform: async () => (reply === 'ok' ? ok(null) : refused('declined')),
        undo: null,
      })
      .end();
    const journal = createMemoryJournal();
    const stored: string[][] = [];
    const append: typeof journal.append = (entry) => {
      stored.push(entry.events.map(({ type }) => type));
      return journal.append(entry);
    };
    const engine = await createEngine({ journal: { ...journal, append }, sagas: [definition] });
    await engine.submit(definition, null, { id: 'r1' });
    await engine.settled('r1');
    expect(stored).toEqual(commits);
    await engine.stop();
  },
);

it('neither accepts a run nor waits for the end of one while the journal has no room', async () => {
  const done = async () => ok(null);
  const definition = saga('one', { version: 1, input: anyInput() })
    .pivot('pay', { perform: done, undo: null })
    .end();
  const inner = createMemoryJournal();
  let hasRoom = true;
  const append: typeof inner.append = (entry) =>
    hasRoom ? inner.append(entry) : new Promise(() => {});
  const journal = { ...inner, append, hasRoom: () => hasRoom };
  const engine = await createEngine({ journal, sagas: [definition] });
  await engine.submit(definition, null, { id: 'r1' });
  hasRoom = false;
  expect(await engine.counts()).toMatchObject({ open: 1, hasRoom: false });
  expect(await engine.submit(definition, null, { id: 'r2' })).toMatchObject({ type: 'full' });
  await engine.stop();
  expect(inner.read('r1')?.events.map(({ type }) => type)).toEqual(['accepted']);
});

it.each(['is full before', 'fills while'])(
  'leaves a call in flight unseen where the disk %s the engine stops',
  async (when) => {
    const call = Promise.withResolvers<Reply<null>>();
    let calls = 0;
    const perform = (): Promise<Reply<null>> => {
      calls += 1;
      return call.promise;
    };
    const definition = saga('one', { version: 1, input: anyInput() })
      .step('pay', { perform, undo: async () => ok(null) })
      .end();
    const store = createMemoryStore();
    const inner = createMemoryJournal(store);
    let hasRoom = true;
    const append: typeof inner.append = (entry) =>
      hasRoom ? inner.append(entry) : new Promise(() => {});
    const journal = { ...inner, append, hasRoom: () => hasRoom };
    const engine = await createEngine({ journal, sagas: [definition] });
    await engine.submit(definition, null, { id: 'r1' });
    await expect.poll(() => calls).toBe(1);
    hasRoom = when !== 'is full before';
    const stopped = engine.stop();
    hasRoom = false;
    call.resolve(ok(null));
    await stopped;
    const next = await createEngine({ journal: createMemoryJournal(store), sagas: [definition] });
    const events = (await next.read('r1'))?.events;
    expect(events).toMatchObject([{ type: 'accepted' }, { type: 'step-unknown' }]);
    await next.stop();
  },
);
