/** The same loop on faster clients, without storage: the rest is the cost of durability. */
import { createRequire } from 'node:module';
import { createClient } from '@baton/service-kit';
import { callParticipant, type Open, type StepName, steps } from './contestant.ts';
import { operations } from './null-operations.ts';

/** Far more than any call takes here. */
const deadlineMs = 30_000;
const { version } = createRequire(import.meta.url)('undici/package.json');

export const createCalls = (baseUrl: string) => createClient(operations, { baseUrl });

export const openOwnTransport: Open = async ({ participantsUrl }) => {
  const calls = createCalls(participantsUrl);
  async function call(id: string, step: StepName): Promise<void> {
    const signal = AbortSignal.timeout(deadlineMs);
    const reply = await calls[step]({ orderId: id }, { key: `${id}:${step}`, number: 1, signal });
    if (reply.reply !== 'ok') throw new Error(`${step} was answered ${JSON.stringify(reply)}`);
  }
  return {
    version: 'this tree',
    async place(id) {
      for (const step of steps) await call(id, step);
    },
  };
};

export const openUndici: Open = async ({ participantsUrl }) => ({
  version: `undici ${version}`,
  async place(id) {
    for (const step of steps) await callParticipant(participantsUrl, step, id);
  },
});
