import { searchOperations } from '@baton/contracts';
import supertest from 'supertest';
import { expect, it, onTestFinished } from 'vitest';
import { createOrderWorkflow } from '../testing/order-workflow.ts';
import { createStandIns } from '../testing/stand-in.ts';
import { createStandInOrchestrator } from '../testing/stand-in-orchestrator.ts';
import { createSearchHandlers } from './search-routes.ts';

const token = 'a-token-of-some-length';
const customers = ['ada', 'grace', 'ada', 'ada-lovelace', 'ada'];

async function start(operatorToken?: string) {
  const { app, engine, stop } = await createStandInOrchestrator({}, { operatorToken });
  onTestFinished(stop);
  const ids: string[] = [];
  for (const customerId of customers) {
    const { body } = await supertest(app)
      .post('/orders')
      .set('prefer', 'wait=5')
      .send({
        customerId,
        lines: [{ sku: 'mug', quantity: 1 }],
        payment: { method: 'card', token: 'tok_ok' },
      });
    ids.push(body.orderId);
  }
  return { client: supertest(app), engine, ids };
}

it('finds the runs of one customer and of no other, the newest first', async () => {
  const { client, ids } = await start();
  const { status, body } = await client.get('/search?word=ada');
  const found = [ids[4], ids[2], ids[0]].map((id) => ({ id, status: 'completed' }));
  expect([status, body]).toMatchObject([200, { found, looked: 5, nextCursor: null }]);
  expect(() => searchOperations.search.replies[200].parse(body)).not.toThrow();
  expect((await client.get('/search?word=nobody')).body.found).toEqual([]);
  expect((await client.get('/search')).status).toBe(400);
  expect((await client.get('/workflows')).body.workflows[0].searchable).toBe('customer');
});

it('tells nobody but operators whose run is whose', async () => {
  const { client } = await start(token);
  expect((await client.get('/search?word=ada')).status).toBe(401);
  const answer = await client.get('/search?word=ada').set('authorization', `Bearer ${token}`);
  expect(answer.body.found).toHaveLength(3);
});

it('looks at so many runs at most, and says where it goes on', async () => {
  const { engine, ids } = await start();
  const { participants } = createStandIns();
  const workflows = [createOrderWorkflow(participants)] as const;
  const { search } = createSearchHandlers({ engine, workflows, lookedMax: 2 });
  const pages: string[][] = [];
  let cursor: string | undefined;
  do {
    const { signal } = new AbortController();
    const answer = await search({ query: { word: 'ada', cursor }, signal } as never);
    if (!('body' in answer)) throw new Error('there is no answer');
    pages.push(answer.body.found.map(({ id }) => id));
    cursor = answer.body.nextCursor ?? undefined;
  } while (cursor !== undefined);
  expect(pages).toEqual([[ids[4]], [ids[2]], [ids[0]]]);
});
