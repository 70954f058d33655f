/** Baton's engine, embedded, with its defaults: every result is on disk before the next call leaves. */
import { join } from 'node:path';
import { createEngine, type Engine, ok, openJournal, type Saga, saga } from '@baton/saga';
import { z } from 'zod';
import { createCalls } from './bare-loops.ts';
import type { Contestant, Open } from './contestant.ts';

const input = z.object({ customerId: z.string() });
type Input = z.output<typeof input>;

async function openEngine(folder: string, definition: Saga<Input>): Promise<Contestant> {
  const journal = await openJournal({ path: join(folder, 'journal.sqlite') });
  return toContestant(await createEngine({ journal, sagas: [definition] }), definition);
}

export function toContestant(engine: Engine, definition: Saga<Input>): Contestant {
  return {
    version: 'this tree',
    async place(id) {
      const submission = await engine.submit(definition, { customerId: 'ada' }, { id });
      if (submission.type !== 'accepted') throw new Error(`A run was answered ${submission.type}`);
      const end = await engine.settled(id);
      if (end?.phase !== 'completed') throw new Error('A run did not complete');
    },
  };
}

export const openBaton: Open = ({ participantsUrl, folder }) => {
  const { validate, reserve, pay, notify } = createCalls(participantsUrl);
  const definition = saga('four-calls', { version: 1, input })
    .step('validate', { perform: ({ id, call }) => call(validate, { orderId: id }), undo: null })
    .step('reserve', { perform: ({ id, call }) => call(reserve, { orderId: id }), undo: null })
    .pivot('pay', { perform: ({ id, call }) => call(pay, { orderId: id }), undo: null })
    .later('notify', { perform: ({ id, call }) => call(notify, { orderId: id }) })
    .end();
  return openEngine(folder, definition);
};

const perform = async () => ok({ done: true });
/** Steps that answer at once: the rest is the engine's own time. */
export const noCalls = saga('no-calls', { version: 1, input })
  .step('validate', { perform, undo: null })
  .step('reserve', { perform, undo: null })
  .pivot('pay', { perform, undo: null })
  .later('notify', { perform })
  .end();

export const openBatonAlone: Open = ({ folder }) => openEngine(folder, noCalls);
