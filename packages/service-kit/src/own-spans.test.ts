/** What a participant's author measures in a handler, with OpenTelemetry's API alone. */
import { notificationOperations } from '@baton/contracts/notification-service';
import { createLog, createMetrics } from '@baton/telemetry';
import { createSpanRecorder } from '@baton/telemetry/testing';
import { trace } from '@opentelemetry/api';
import supertest from 'supertest';
import { afterAll, expect, it, onTestFinished } from 'vitest';
import { createServiceApp } from './app.ts';
import { openStore } from './store.ts';

// Tests of other files in this process may have left theirs.
trace.disable();
afterAll(() => trace.disable());
const { tracing, told } = createSpanRecorder('notification-service', { isGlobal: true });
const tracer = trace.getTracer('notifier');
const traceId = 'a'.repeat(32);

it('nests what an effect measures in its request, and takes what a read says of its own', async () => {
  const store = openStore({ path: ':memory:', migrations: [], onBroken: () => {} });
  onTestFinished(() => store.close());
  const { app } = createServiceApp({
    service: 'notification-service',
    operations: notificationOperations,
    log: createLog('notification-service', 'silent'),
    metrics: createMetrics('notification-service'),
    tracing,
    store,
  })({
    notify: ({ runId: orderId }) =>
      tracer.startActiveSpan('render', (span) => {
        trace.getActiveSpan()?.setAttribute('mail.template', 'order-completed');
        span.addEvent('rendered').recordException(new Error('no picture'));
        span.end();
        return { status: 200 as const, body: { orderId, messageId: 'msg_1' } };
      }),
    getNotifications: () => {
      trace.getActiveSpan()?.setAttribute('mail.box', 'out');
      return { status: 200, body: { count: 0, notifications: [], nextCursor: null } };
    },
  });
  const traceparent = `00-${traceId}-${'b'.repeat(16)}-01`;
  await supertest(app)
    .post('/notify')
    .set({ traceparent, 'idempotency-key': 'ord_1:notify' })
    .send({ orderId: 'ord_1', customerId: 'ada', template: 'order-completed' })
    .expect(200);
  await supertest(app).get('/notifications').set({ traceparent }).expect(200);
  await expect.poll(() => told().map(({ name }) => name)).toContain('GET /notifications');
  const find = (name: string) => told().find((span) => span.name === name);
  const render = find('render');
  expect(render).toMatchObject({
    attributes: { 'mail.template': 'order-completed' },
    events: [{ name: 'rendered' }, { name: 'exception' }],
  });
  expect(render?.parentSpanContext?.spanId).toBe(find('POST /notify')?.spanContext().spanId);
  expect(find('GET /notifications')?.attributes).toMatchObject({ 'mail.box': 'out' });
  expect(new Set(told().map((span) => span.spanContext().traceId))).toEqual(new Set([traceId]));
});
