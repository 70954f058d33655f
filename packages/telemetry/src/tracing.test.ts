import { createHash } from 'node:crypto';
import type { ExportResult } from '@opentelemetry/core';
import { InMemorySpanExporter, type SpanExporter } from '@opentelemetry/sdk-trace';
import { expect, it } from 'vitest';
import { startRequestSpan } from './request-span.ts';
import { createTracing, type Tracing } from './tracing.ts';

const traceIds = Array.from({ length: 2_000 }, (_, index) =>
  createHash('md5').update(`trace ${index}`).digest('hex'),
);
function open(ratio?: number): Tracing {
  const exporter = new InMemorySpanExporter();
  return createTracing({
    service: 'orchestrator',
    exporter,
    ...(ratio !== undefined && { ratio }),
  });
}

it('samples all, none, or about as many as it was told', () => {
  const count = ({ isSampled }: Tracing) => traceIds.filter(isSampled).length;
  expect([count(open()), count(open(1)), count(open(0))]).toEqual([2_000, 2_000, 0]);
  expect(count(open(0.5)) / 2_000).toBeCloseTo(0.5, 1);
  expect(count(open(0.1)) / 2_000).toBeCloseTo(0.1, 1);
});

it('samples the same traces in every process, and at a higher ratio only more of them', () => {
  const [one, other, more] = [open(0.3), open(0.3), open(0.6)];
  const sampled = traceIds.filter(one.isSampled);
  expect(traceIds.filter(other.isSampled)).toEqual(sampled);
  expect(sampled.every(more.isSampled)).toBe(true);
});

it('says whether spans of its own making arrived', async () => {
  const answering = (result: ExportResult): SpanExporter => ({
    export: (_spans, callback) => callback(result),
    shutdown: async () => {},
  });
  const send = (result: ExportResult) =>
    createTracing({ service: 'orchestrator', exporter: answering(result) }).send([]);
  const bad = Object.assign(new Error('Bad Request'), { code: 400 });
  expect([await send({ code: 0 }), await send({ code: 1 })]).toEqual(['arrived', 'away']);
  expect(await send({ code: 1, error: bad })).toBe('refused');
});

it('sends what is left when it closes', async () => {
  const names: string[] = [];
  const exporter: SpanExporter = {
    export: (spans, callback) => {
      names.push(...spans.map(({ name }) => name));
      callback({ code: 0 });
    },
    shutdown: async () => {},
  };
  const tracing = createTracing({ service: 'payment-service', exporter });
  const traceparent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
  startRequestSpan(tracing, { name: 'last', headers: { traceparent }, attributes: {} })?.end(200);
  expect(names).toEqual([]);
  await tracing.close();
  expect(names).toEqual(['last']);
});
