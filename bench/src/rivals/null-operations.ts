/** The contract of participants that do nothing. */
import { defineOperation } from '@baton/contracts';
import { z } from 'zod';
import type { StepName } from './contestant.ts';

const defineStep = <const N extends StepName>(name: N) =>
  defineOperation({
    name: `bench.${name}`,
    service: 'bench',
    kind: 'effect',
    method: 'POST',
    path: `/${name}`,
    summary: 'Does nothing',
    undo: null,
    body: z.strictObject({ orderId: z.string() }),
    replies: { 200: z.object({ done: z.boolean() }) },
    problems: {},
    examples: { reply: { done: true } },
  });

export const operations = {
  validate: defineStep('validate'),
  reserve: defineStep('reserve'),
  pay: defineStep('pay'),
  notify: defineStep('notify'),
};
