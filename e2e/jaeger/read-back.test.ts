/** What we rely on in Jaeger, shown with a few spans made by hand. */
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type RealJaeger, startJaeger } from '../src/jaeger/real-jaeger.ts';

let jaeger: RealJaeger;
beforeAll(async () => {
  jaeger = await startJaeger();
});
afterAll(() => jaeger?.stop());

interface HandMade {
  readonly id: string;
  readonly parent?: string;
  readonly name: string;
  /** As OTLP numbers them: 1 is internal, 2 server, 3 client. */
  readonly kind?: number;
  readonly message?: string;
}

const atMs = Date.now();
const attribute = (key: string, stringValue: string) => ({ key, value: { stringValue } });

const toOtlp = (traceId: string, { id, parent, name, kind = 1, message }: HandMade) => ({
  traceId,
  spanId: id,
  ...(parent ? { parentSpanId: parent } : {}),
  name,
  kind,
  startTimeUnixNano: `${atMs + Number(id)}000000`,
  endTimeUnixNano: `${atMs + 100 - Number(id)}000000`,
  attributes: [attribute('baton.order.id', traceId)],
  events: [
    { timeUnixNano: `${atMs + 50}000000`, name: 'fault', attributes: [attribute('how', 'status')] },
  ],
  status: message ? { code: 2, message } : {},
});

const createTraceId = () => randomBytes(16).toString('hex');
const spanId = (place: number) => String(place).padStart(16, '0');

async function send(traceId: string, service: string, spans: readonly HandMade[]): Promise<void> {
  const resource = { attributes: [attribute('service.name', service)] };
  const scopeSpans = [{ scope: { name: 'baton' }, spans: spans.map((s) => toOtlp(traceId, s)) }];
  const answer = await fetch(`${jaeger.otlpUrl}/v1/traces`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ resourceSpans: [{ resource, scopeSpans }] }),
  });
  expect(answer.status).toBe(200);
}

const root = { id: spanId(1), name: 'POST /orders', kind: 2 };
const pay = { id: spanId(2), parent: root.id, name: 'pay' };
const call = { id: spanId(3), parent: pay.id, name: 'POST payment', kind: 3, message: 'declined' };
const served = { id: spanId(4), parent: call.id, name: 'POST /process', kind: 2 };

it('shows what two services sent as one tree', async () => {
  const traceId = createTraceId();
  await send(traceId, 'payment-service', [served]);
  await send(traceId, 'orchestrator', [call, pay, root]);
  const trace = await jaeger.client.readTrace(traceId);
  expect(trace?.spans.map(({ operation }) => operation)).toEqual(
    [root, pay, call, served].map(({ name }) => name),
  );
  const asSent = { tags: { 'baton.order.id': traceId }, warnings: [] };
  const server = { operation: served.name, service: 'payment-service', kind: 'server' };
  const client = {
    operation: call.name,
    kind: 'client',
    status: 'error',
    statusMessage: 'declined',
  };
  const fault = { name: 'fault', atUs: (atMs + 50) * 1_000, tags: { how: 'status' } };
  const step = { operation: pay.name, kind: 'internal', status: 'unset', events: [fault] };
  const place = { parentId: null, kind: 'server', startUs: (atMs + 1) * 1_000, durationUs: 98_000 };
  expect(trace?.roots).toMatchObject([
    {
      ...asSent,
      ...place,
      service: 'orchestrator',
      children: [
        {
          ...asSent,
          ...step,
          children: [{ ...asSent, ...client, children: [{ ...asSent, ...server, children: [] }] }],
        },
      ],
    },
  ]);
});

it('knows services, their operations and who called whom, and finds a trace by its order', async () => {
  const traceId = createTraceId();
  await send(traceId, 'payment-service', [served]);
  await send(traceId, 'orchestrator', [call, pay, root]);
  const { client } = jaeger;
  expect(await client.readServices()).toEqual(['orchestrator', 'payment-service']);
  expect(await client.readOperations('orchestrator')).toEqual([root.name, call.name, pay.name]);
  expect(await client.readDependencies()).toContainEqual(
    expect.objectContaining({ parent: 'orchestrator', child: 'payment-service' }),
  );
  const found = await client.findTraces({
    service: 'payment-service',
    tags: { 'baton.order.id': traceId },
  });
  expect(found.map(({ id }) => id)).toEqual([traceId]);
});

it('knows nothing of a trace of which nothing was sent', async () => {
  expect(await jaeger.client.readTrace(createTraceId())).toBeNull();
  const query = { service: 'orchestrator', tags: { 'baton.order.id': 'unknown' } };
  expect(await jaeger.client.findTraces(query)).toEqual([]);
});

it('shows a span once, however often and with whatever else it was sent', async () => {
  const traceId = createTraceId();
  await send(traceId, 'orchestrator', [root, pay]);
  await send(traceId, 'orchestrator', [root, pay]);
  await send(traceId, 'orchestrator', [pay, call, call]);
  await send(traceId, 'payment-service', [served]);
  const read = async () => (await jaeger.client.readTrace(traceId))?.spans.map(({ id }) => id);
  const once = [root, pay, call, served].map(({ id }) => id);
  expect(await read()).toEqual(once);
  await send(traceId, 'payment-service', [served]);
  await send(traceId, 'orchestrator', [pay]);
  expect(await read()).toEqual(once);
});

it('shows a span twice, and says so, when the second one differs', async () => {
  const traceId = createTraceId();
  await send(traceId, 'orchestrator', [root, pay]);
  await send(traceId, 'orchestrator', [{ ...pay, message: 'interrupted' }]);
  await send(traceId, 'orchestrator-2', [pay]);
  const trace = await jaeger.client.readTrace(traceId);
  expect(trace?.spans.map(({ id }) => id)).toEqual([root.id, pay.id, pay.id, pay.id]);
  const warned = trace?.spans.filter(({ warnings }) => /duplicate span/.test(warnings.join()));
  expect(warned).toHaveLength(2);
});

it('shows a span without its parent as another root', async () => {
  const traceId = createTraceId();
  await send(traceId, 'orchestrator', [root, call]);
  const trace = await jaeger.client.readTrace(traceId);
  expect(trace?.roots.map(({ id, parentId }) => [id, parentId])).toEqual([
    [root.id, null],
    [call.id, pay.id],
  ]);
  expect(trace?.roots[1]?.warnings.join()).toContain('invalid parent span');
});
