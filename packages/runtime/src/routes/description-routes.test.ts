import { Overview, type StepDescription, WorkflowDescription } from '@baton/contracts';
import supertest from 'supertest';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { createStandInOrchestrator } from '../testing/stand-in-orchestrator.ts';

const exampleOrder = {
  customerId: 'ada',
  lines: [{ sku: 'mug', quantity: 1 }],
  payment: { method: 'card', token: 'tok_ok' },
};

it('describes the steps of every version, the newest first, with alternates and undos', async () => {
  const { app, stop } = await createStandInOrchestrator();
  const { body } = await supertest(app).get('/workflows');
  await stop();
  const [order] = z.object({ workflows: z.array(WorkflowDescription) }).parse(body).workflows;
  expect(order?.versions.map(({ version }) => version)).toEqual([2, 1]);
  const tell = ({ name, kind, first, alternate }: StepDescription) =>
    [name, kind, first.hasUndo, alternate?.participant ?? null] as const;
  expect(order?.versions[0]?.steps.map(tell)).toEqual([
    ['validate', 'step', true, null],
    ['reserve', 'step', true, null],
    ['pay', 'pivot', true, 'payment-alternate'],
    ['notify', 'later', false, 'notification-service'],
  ]);
});

it('counts what is open, and names the oldest', async () => {
  const { app, stop } = await createStandInOrchestrator({
    'payment-service': { process: async () => ({ reply: 'unsent', code: 'connection-refused' }) },
  });
  const placed = await supertest(app).post('/orders').send(exampleOrder);
  const { body } = await supertest(app).get('/overview');
  expect(Overview.parse(body)).toMatchObject({
    open: 1,
    stuck: 0,
    oldest: { id: placed.body.orderId },
    breakable: false,
  });
  await stop();
});
