import type { ExportResult } from '@opentelemetry/core';
import type { SpanExporter } from '@opentelemetry/sdk-trace';
import { expect, it } from 'vitest';
import { startRequestSpan } from './request-span.ts';
import { createTracing } from './tracing.ts';

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
