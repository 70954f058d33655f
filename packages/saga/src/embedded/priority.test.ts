import { expect, it } from 'vitest';
import type { Happening } from '../core/event.ts';
import { ok } from '../core/reply.ts';
import { saga } from '../core/saga.ts';
import { anyInput } from '../fixtures/any-input.ts';
import { createMemoryJournal } from '../testing/memory-journal.ts';
import { createEngine } from './embedded-engine.ts';

it('undoes, then goes on with what is in flight, then begins what is new, when places are few', async () => {
  const calls: string[] = [];
  const busy = Promise.withResolvers<void>();
  const perform =
    (what: string) =>
    async ({ id }: { readonly id: string }) => {
      calls.push(`${what} ${id}`);
      if (id === 'busy') await busy.promise;
      return ok(null);
    };
  const definition = saga('two', { version: 1, input: anyInput() })
    .step('hold', { perform: perform('hold'), undo: perform('release') })
    .pivot('pay', { perform: perform('pay'), undo: perform('refund') })
    .end();
  const journal = createMemoryJournal();
  const { name, version, structure } = definition;
  const at = Date.now();
  const store = async (run: string, ...further: Happening[]): Promise<void> => {
    const accepted: Happening = {
      type: 'accepted',
      ...{ saga: name, version, structure, input: null, context: {} },
    };
    await journal.append({
      run,
      events: [accepted, ...further].map((event, index) => ({ ...event, seq: index + 1, at })),
      summary: {
        ...{ saga: name, version, status: 'running' },
        ...{ acceptedAt: at, settledAt: null },
      },
      rest: { dueAt: 0, priority: 'in-flight', waits: [], at },
      submission: { fingerprint: '', secrets: {} },
    });
  };
  const held: Happening = {
    type: 'step-succeeded',
    ...{ way: 'hold', attempt: 1, startedAt: at, output: null },
  };
  // They wake when what is new waits already.
  const failed = { attempt: 1, startedAt: at, code: 'reset', retryAt: at + 300 };
  await store('in-flight', held, { type: 'step-unknown', way: 'pay', ...failed });
  await store(
    'undone',
    held,
    { type: 'compensation-decided', code: 'declined', step: 'pay' },
    { type: 'undo-unknown', way: 'hold', exhausted: false, ...failed },
  );
  await store('busy');
  const engine = await createEngine({ journal, sagas: [definition], concurrencyMax: 1 });
  await expect.poll(() => calls).toEqual(['hold busy']);
  await engine.submit(definition, null, { id: 'new' });
  await expect.poll(async () => (await engine.counts()).queued).toBe(3);
  busy.resolve();
  await engine.settled('new');
  expect(calls.filter((call) => !call.endsWith('busy'))).toEqual([
    'release undone',
    'pay in-flight',
    'hold new',
    'pay new',
  ]);
  await engine.stop();
});
