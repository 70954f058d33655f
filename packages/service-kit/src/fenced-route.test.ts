import { createSpanRecorder } from '@baton/telemetry/testing';
import supertest from 'supertest';
import { expect, it, onTestFinished } from 'vitest';
import { createStandIn } from './testing/stand-in/inventory.ts';

const traceparent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;

function open() {
  const { tracing, told } = createSpanRecorder('inventory-service');
  const { app, store } = createStandIn(':memory:', 2_000, { tracing });
  onTestFinished(() => store.close());
  const ask = (arrival: Arrival, headers: Readonly<Record<string, string>>) => {
    const [path, body] = requests[arrival];
    return supertest(app)
      .post(path)
      .set({ 'idempotency-key': 'ord_1:reserve', ...headers })
      .send(body);
  };
  return { ask, told };
}

const toBody = (sku: string, quantity = 2) => ({ orderId: 'ord_1', lines: [{ sku, quantity }] });
const requests = {
  forward: ['/reserve', toBody('mug')],
  other: ['/reserve', toBody('mug', 3)],
  refused: ['/reserve', toBody('mug', 1_000)],
  broken: ['/reserve', { orderId: 'ord_1' }],
  busy: ['/reserve', toBody('busy')],
  bug: ['/reserve', toBody('throws')],
  undo: ['/release', { orderId: 'ord_1' }],
  'broken undo': ['/release', { orderId: 'ord_1', extra: 1 }],
} as const;
type Arrival = keyof typeof requests;

it.each<[string, readonly Arrival[]]>([
  ['done', ['forward']],
  ['replayed', ['forward', 'forward']],
  ['key-reused', ['forward', 'other']],
  ['refused', ['refused']],
  ['replayed', ['refused', 'refused']],
  ['rejected', ['broken']],
  ['rejected', ['busy']],
  ['done', ['busy', 'forward']],
  ['undone', ['forward', 'undo']],
  ['replayed', ['forward', 'undo', 'undo']],
  ['fenced', ['forward', 'undo', 'forward']],
  ['rejected', ['forward', 'broken undo']],
  ['key-reused', ['forward', 'undo', 'broken undo']],
  ['nothing-to-undo', ['undo']],
  ['nothing-to-undo', ['refused', 'undo']],
  ['fenced', ['undo', 'forward']],
])('is %s after %j', async (fence, arrivals) => {
  const { ask, told } = open();
  for (const arrival of arrivals) await ask(arrival, { traceparent });
  await expect.poll(told).toHaveLength(arrivals.length);
  expect(told().at(-1)?.attributes).toMatchObject({
    'baton.fence': fence,
    'baton.order.id': 'ord_1',
  });
});

it('says nothing of the fence where the effect fails, or where there is no usable key', async () => {
  const { ask, told } = open();
  await ask('bug', { traceparent });
  await ask('forward', { traceparent, 'idempotency-key': 'nonsense' });
  await expect.poll(told).toHaveLength(2);
  for (const { attributes } of told()) expect(attributes).not.toHaveProperty('baton.fence');
  expect(told()[0]?.attributes['error.type']).toBe('500');
});
