/** The runtime with workflows that are not the shop's: shipments and refills, side by side in one orchestrator. */
import { createEngine, ok, refused, saga } from '@baton/saga';
import { createMemoryJournal } from '@baton/saga/testing';
import { createLog } from '@baton/telemetry';
import request from 'supertest';
import { expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import { createOrchestrator } from './orchestrator.ts';
import type { OrchestratorOptions } from './orchestrator-options.ts';
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

async function start(change: Partial<OrchestratorOptions> = {}) {
  const orchestrator = await createOrchestrator({
    workflows: [shipments, refills],
    journal: createMemoryJournal(),
    log: createLog('orchestrator', 'silent'),
    ...change,
  });
  onTestFinished(orchestrator.stop);
  return { ...orchestrator, client: request(orchestrator.app) };
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

it('says in the log which history it removed', async () => {
  const lines: Record<string, unknown>[] = [];
  const log = createLog('orchestrator', 'info', { write: (line) => lines.push(JSON.parse(line)) });
  const { client } = await start({ log, keepMs: 1 });
  const parcel = { to: 'Ada', grams: 500 };
  const { body } = await client.post('/shipments').set('prefer', 'wait=5').send(parcel);
  const { shipmentId } = body;
  await expect
    .poll(() => lines, { timeout: 60_000 })
    .toContainEqual(expect.objectContaining({ removed: 1, first: shipmentId, last: shipmentId }));
  await client.get(`/shipments/${shipmentId}`).expect(404);
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

it('asks the middleware before every route but health', async () => {
  const { app, client, engine } = await start({
    middleware: ({ headers }, response, next) =>
      headers['x-user'] === 'ada' ? next() : void response.sendStatus(401),
  });
  const document = await client.get('/openapi.json').set('x-user', 'ada').expect(200);
  const ours = Object.entries<object>(document.body.paths).flatMap(([path, entries]) =>
    Object.keys(entries).map((method) => [method, path] as const),
  );
  const others = ['/', '/openapi.json', '/metrics', '/docs', '/no-such-path'];
  const asked = [...ours, ...others.map((path) => ['get', path] as const)];
  const answers = await Promise.all(
    asked.map(async ([method, path]) => {
      const real = path.replace('{id}', path.startsWith('/refills') ? 'ref_1' : 'shp_1');
      const { status } = await request(app)[method as 'get'](real).send();
      return `${path} ${status === 401 ? 'refused' : 'answered'}`;
    }),
  );
  const open = answers.filter((answer) => answer.endsWith('answered'));
  expect(open).toEqual(['/health/live answered', '/health/ready answered']);
  expect(answers.length).toBeGreaterThan(20);
  const parcel = { to: 'Ada', grams: 500 };
  await client.post('/shipments').send(parcel).expect(401);
  expect((await engine.counts()).open).toBe(0);
  await client.post('/shipments').set('x-user', 'ada').send(parcel).expect(202);
});

it.each([
  [401, 'unauthorized', { 'WWW-Authenticate': 'Bearer error="invalid_token"' }],
  [403, 'forbidden', {}],
  [400, 'bad-request', {}],
  [404, 'not-found', {}],
  [408, 'request-timeout', {}],
  [429, 'status-429', { 'Retry-After': '7' }],
  [undefined, 'internal-error', {}],
])('answers what a middleware throws: %s', async (status, code, headers) => {
  const error = Object.assign(new Error('not you'), { status, headers });
  const { client } = await start({ middleware: (_request, _response, next) => next(error) });
  const answer = await client.get('/shipments').expect(status ?? 500);
  expect(answer.body).toMatchObject({ code });
  expect(answer.body.issues).toBeUndefined();
  for (const [name, value] of Object.entries(headers))
    expect(answer.headers[name.toLowerCase()]).toBe(value);
  expect(answer.text).not.toContain('not you');
});

it('accepts nothing while the journal has no room, and still shows what there is', async () => {
  let hasRoom = true;
  const journal = { ...createMemoryJournal(), hasRoom: () => hasRoom };
  const { client } = await start({ journal });
  const place = () => client.post('/shipments').set('prefer', 'wait=5').send({ to: 'A', grams: 1 });
  const { body } = await place().expect(200);
  hasRoom = false;
  const path = `/shipments/${body.shipmentId}`;
  const changes = ['/shipments', `${path}/cancel`, `${path}/retry`, `${path}/skip`];
  for (const change of changes) {
    const answer = await client.post(change).expect(503);
    expect(answer.body).toMatchObject({
      code: 'unavailable',
      detail: expect.stringContaining('full'),
    });
    expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
  }
  const ready = await client.get('/health/ready').expect(503);
  expect(ready.body.checks.journal).toBe('disk full');
  await client.get(path).expect(200);
  hasRoom = true;
  await place().expect(200);
  await client.get('/health/ready').expect(200);
});

it('asks its caller to come again while the host of its runs cannot be asked', async () => {
  const away = async () => {
    throw Object.assign(new Error('no node answers'), { status: 503 });
  };
  const { client } = await start({
    createEngine: async (options) => {
      const engine = await createEngine(options);
      return new Proxy(engine, {
        get: (target, name) => {
          const member: unknown = Reflect.get(target, name, target);
          if (name === 'submit') return away;
          return typeof member === 'function' ? member.bind(target) : member;
        },
      });
    },
  });
  const refusal = await client.post('/shipments').send({ to: 'Ada', grams: 500 }).expect(503);
  expect(refusal.headers['retry-after']).toBe('1');
  expect(refusal.body.code).toBe('unavailable');
});

it('is not ready while no node of its cluster answers', async () => {
  let isReached = true;
  const { client } = await start({
    async createEngine(options) {
      const engine = await createEngine(options);
      const counts = engine.counts.bind(engine);
      return Object.assign(engine, { counts: async () => ({ ...(await counts()), isReached }) });
    },
  });
  await client.get('/health/ready').expect(200);
  isReached = false;
  const ready = await client.get('/health/ready').expect(503);
  expect(ready.body.checks.cluster).toBe('no node answers');
});
