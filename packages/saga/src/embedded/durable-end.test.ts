import { expect, it } from 'vitest';
import { ok } from '../core/reply.ts';
import { saga } from '../core/saga.ts';
import { anyInput } from '../fixtures/any-input.ts';
import { createMemoryJournal } from '../testing/memory-journal.ts';
import { createEngine } from './embedded-engine.ts';

it('shows the end of a run to nobody before it is durable', async () => {
  const done = async () => ok(null);
  const definition = saga('one', { version: 1, input: anyInput() })
    .pivot('pay', { perform: done, undo: done })
    .end();
  const journal = createMemoryJournal();
  const gate = Promise.withResolvers<void>();
  const append: typeof journal.append = async (entry) => {
    if (entry.events.some(({ type }) => type === 'completed')) await gate.promise;
    return journal.append(entry);
  };
  const engine = await createEngine({ journal: { ...journal, append }, sagas: [definition] });
  await engine.submit(definition, null, { id: 'r1' });
  const isPaid = async () => (await engine.read('r1'))?.state.ways.pay?.result === 'ok';
  await expect.poll(isPaid).toBe(true);
  const early = await engine.settled('r1', AbortSignal.timeout(30));
  expect(early).toBeUndefined();
  gate.resolve();
  expect((await engine.settled('r1'))?.phase).toBe('completed');
  await engine.stop();
});
