/** What a workflow's author measures in a step, with OpenTelemetry's API alone. */
import { ok, refused, saga } from '@baton/saga';
import { createMemoryJournal } from '@baton/saga/testing';
import { createLog } from '@baton/telemetry';
import { createSpanRecorder } from '@baton/telemetry/testing';
import { SpanStatusCode, trace } from '@opentelemetry/api';
import request from 'supertest';
import { afterAll, expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import { createOrchestrator } from '../orchestrator.ts';
import { defineWorkflow } from '../workflow.ts';

// Tests of other files in this process may have left theirs.
trace.disable();
afterAll(() => trace.disable());
const { tracing, told } = createSpanRecorder('orchestrator', { isGlobal: true });
const tracer = trace.getTracer('shop');

const input = z.strictObject({ to: z.string() });
const shipments = defineWorkflow({
  noun: 'shipment',
  plural: 'shipments',
  idPrefix: 'shp_',
  input,
  versions: [
    saga('ship-parcel', { version: 1, input })
      .step('label', {
        participant: 'printer',
        perform: async () =>
          tracer.startActiveSpan('draw the label', async (span) => {
            await Promise.resolve();
            tracer.startSpan('choose a font').end();
            span.setAttribute('shop.format', 'A6').addEvent('drawn').end();
            return ok({ label: 'L1' });
          }),
        undo: async () =>
          tracer.startActiveSpan('shred the label', async (span) => {
            span.recordException(new Error('jammed once'));
            span.setStatus({ code: SpanStatusCode.ERROR }).end();
            return ok(null);
          }),
      })
      .pivot('hand-over', {
        participant: 'carrier',
        perform: async () => refused('too-heavy'),
        undo: null,
      })
      .end(),
  ],
});

it('nests the spans of a step and of its undo under the attempt that is told of them', async () => {
  const orchestrator = await createOrchestrator({
    workflows: [shipments],
    journal: createMemoryJournal(),
    log: createLog('orchestrator', 'silent'),
    tracing,
  });
  onTestFinished(orchestrator.stop);
  const { body } = await request(orchestrator.app)
    .post('/shipments')
    .set('prefer', 'wait=5')
    .send({ to: 'Ada' });
  expect(body.status).toBe('compensated');
  await expect.poll(() => told().map(({ name }) => name)).toContain('order compensated');
  const find = (name: string) => told().find((span) => span.name === name);
  const parentOf = (name: string) => {
    const id = find(name)?.parentSpanContext?.spanId;
    return told().find((span) => span.spanContext().spanId === id)?.name;
  };
  expect(['draw the label', 'shred the label'].map(parentOf)).toEqual(['label', 'undo label']);
  expect(find('draw the label')).toMatchObject({
    attributes: { 'shop.format': 'A6' },
    events: [{ name: 'drawn' }],
  });
  expect(parentOf('choose a font')).toBe('draw the label');
  expect(find('shred the label')).toMatchObject({
    status: { code: SpanStatusCode.ERROR },
    events: [{ name: 'exception', attributes: { 'exception.message': 'jammed once' } }],
  });
  expect(new Set(told().map((span) => span.spanContext().traceId)).size).toBe(1);
});
