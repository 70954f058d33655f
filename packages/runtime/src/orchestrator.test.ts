/** The runtime with workflows that are not the shop's: shipments and refills, side by side in one orchestrator. */
import { ok, refused, saga } from '@baton/saga';
import { createMemoryJournal } from '@baton/saga/testing';
import { createLog } from '@baton/telemetry';
import request from 'supertest';
import { expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import { createOrchestrator } from './orchestrator.ts';
import { narrate } from './run/narrative.ts';
import { defineWorkflow } from './workflow.ts';

const Parcel = z.strictObject({ to: z.string(), grams: z.int().min(1) });

/** Too heavy a parcel is refused at the second step, and the label is taken back. */
const shipments = defineWorkflow({
  noun: 'shipment',
  plural: 'shipments',
  idPrefix: 'shp_',
  input: Parcel,
  versions: [
    saga('ship-parcel', { version: 1, input: Parcel })
      .step('label', {
        participant: 'printer',
        perform: async () => ok({ label: 'L1' }),
        undo: async () => ok(null),
      })
      .pivot('hand-over', {
        participant: 'carrier',
        perform: async ({ input }) =>
          input.grams > 30_000 ? refused('too-heavy') : ok({ tracking: 'T1' }),
        undo: null,
      })
      .end(),
  ],
});

const refills = defineWorkflow({
  noun: 'refill',
  plural: 'refills',
  idPrefix: 'ref_',
  input: z.strictObject({ machine: z.string() }),
  versions: [
    saga('refill-machine', { version: 3, input: z.strictObject({ machine: z.string() }) })
      .step('fill', { participant: 'printer', perform: async () => ok(null), undo: null })
      .end(),
  ],
});

async function start() {
  const orchestrator = await createOrchestrator({
    workflows: [shipments, refills],
    journal: createMemoryJournal(),
    log: createLog('orchestrator', 'silent'),
  });
  onTestFinished(orchestrator.stop);
  return { client: request(orchestrator.app), engine: orchestrator.engine };
}

it('serves a workflow under its own path, with its own noun and ids', async () => {
  const { client } = await start();
  const placed = await client
    .post('/shipments')
    .set('prefer', 'wait=5')
    .send({ to: 'Ada', grams: 500 })
    .expect(200);
  const { shipmentId } = placed.body;
  expect(shipmentId).toMatch(/^shp_[0-9a-f]{32}$/);
  expect(placed.body).toMatchObject({
    status: 'completed',
    steps: [{ name: 'label' }, { name: 'hand-over' }],
    links: { self: `/shipments/${shipmentId}` },
  });
  expect(placed.body.orderId).toBeUndefined();
  await client.get(`/shipments/${shipmentId}`).expect(200);
  const listed = await client.get('/shipments').expect(200);
  expect(listed.body.shipments).toMatchObject([{ shipmentId, status: 'completed' }]);
  await client.post('/shipments').send({ to: 'Ada' }).expect(400);
});

it('undoes a run of it, and says so in its own words', async () => {
  const { client, engine } = await start();
  const { body } = await client
    .post('/shipments')
    .set('prefer', 'wait=5')
    .send({ to: 'Ada', grams: 50_000 });
  expect(body).toMatchObject({ status: 'compensated', outcome: { code: 'too-heavy' } });
  const run = await engine.read(body.shipmentId);
  const story = run ? narrate(run, shipments, Date.now()) : [];
  expect(story[0]).toBe(`Shipment ${body.shipmentId}: compensated (too-heavy)`);
  expect(story).toContainEqual(expect.stringMatching(/all is undone$/));
});

it('keeps two workflows apart: their ids, lists, events and documents', async () => {
  const { client } = await start();
  const shipment = await client
    .post('/shipments')
    .set('prefer', 'wait=5')
    .send({ to: 'Ada', grams: 500 });
  const refill = await client.post('/refills').set('prefer', 'wait=5').send({ machine: 'm1' });
  const { refillId } = refill.body;
  expect(refill.body).toMatchObject({ status: 'completed', version: 3 });
  expect((await client.get('/refills')).body.refills).toHaveLength(1);
  expect((await client.get('/shipments')).body.shipments).toHaveLength(1);
  const notFound = await client.get(`/refills/${shipment.body.shipmentId}`).expect(400);
  expect(notFound.body.issues).toMatchObject([{ path: 'params.id' }]);
  const cancelled = await client.post(`/refills/${refillId}/cancel`).expect(409);
  expect(cancelled.body.code).toBe('already-settled');
  const missing = await client.get('/refills/ref_none').expect(404);
  expect(missing.body.code).toBe('refill-not-found');
  const document = (await client.get('/openapi.json')).body;
  expect(Object.keys(document.paths)).toEqual(
    expect.arrayContaining(['/shipments/{id}', '/refills/{id}', '/refills/{id}/skip', '/alerts']),
  );
});

it('finds the run of a key again, whoever asks', async () => {
  const { client } = await start();
  const place = () => client.post('/refills').set('idempotency-key', 'k1').send({ machine: 'm1' });
  const [first, second] = [await place(), await place()];
  expect(second.body.refillId).toBe(first.body.refillId);
  await client.post('/refills').set('idempotency-key', 'k1').send({ machine: 'm2' }).expect(422);
});

it.each([
  ['a prefix that no key may begin with', [{ ...shipments, idPrefix: 'SHP-' }], /SHP-.*look like/],
  ['a name that no path may have', [{ ...shipments, plural: 'my shipments' }], /my shipments/],
  ['one noun twice', [shipments, { ...refills, noun: 'shipment' }], /two workflows.*noun/],
  ['one prefix twice', [shipments, { ...refills, idPrefix: 'shp_' }], /two workflows.*id prefix/],
] as const)('does not start with %s', async (_what, workflows, message) => {
  const journal = createMemoryJournal();
  const [first, ...others] = workflows;
  await expect(createOrchestrator({ workflows: [first, ...others], journal })).rejects.toThrow(
    message,
  );
});
