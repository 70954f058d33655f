import { expect, it } from 'vitest';
import { createLog, logLevels } from './log.ts';
import { startRequestSpan } from './request-span.ts';
import { createSpanRecorder } from './testing/span-recorder.ts';

function record(level: 'info' | 'error', ...entries: object[]): string {
  let text = '';
  const log = createLog('payment-service', level, {
    write: (line: string) => {
      text += line;
    },
  });
  for (const entry of entries) log.info(entry, 'said');
  return text;
}

it('shows no token, however deep it stands', () => {
  const text = record(
    'info',
    { token: 'tok_ok' },
    { payment: { token: 'tok_ok' } },
    { order: { payment: { token: 'tok_ok' } } },
    { headers: { authorization: 'Bearer tok_ok' } },
  );
  expect(text).not.toContain('tok_ok');
  expect(text.match(/\[secret\]/g)).toHaveLength(4);
});

it('names its service and says nothing below its level', () => {
  expect(JSON.parse(record('info', { a: 1 }))).toMatchObject({
    service: 'payment-service',
    level: 'info',
    a: 1,
  });
  expect(record('error', { a: 1 })).toBe('');
});

/** As docs/operations.md says. Whatever is not named here is an attribute. */
function toLogRecord(text: string) {
  const { time, level, msg, trace_id, span_id, service, instance, ...attributes } =
    JSON.parse(text);
  return {
    Timestamp: Date.parse(time),
    SeverityText: level,
    Body: msg,
    TraceId: trace_id,
    SpanId: span_id,
    Resource: { 'service.name': service, 'service.instance.id': instance },
    Attributes: attributes,
  };
}

it('maps to the log model of OpenTelemetry field by field', async () => {
  const { tracing, told } = createSpanRecorder('payment-service');
  const traceId = 'a'.repeat(32);
  const headers = { traceparent: `00-${traceId}-${'b'.repeat(16)}-01` };
  const span = startRequestSpan(tracing, { name: 'POST /process', headers, attributes: {} });
  const startedAt = Date.now();
  let text = '';
  await span?.run(async () => {
    text = record('info', { orderId: 'ord_1', attempt: 2 });
  });
  span?.end(200);
  const { Timestamp, ...mapped } = toLogRecord(text);
  expect(Timestamp).toBeGreaterThanOrEqual(startedAt);
  expect(mapped).toEqual({
    SeverityText: 'info',
    Body: 'said',
    TraceId: traceId,
    SpanId: told()[0]?.spanContext().spanId,
    Resource: {
      'service.name': 'payment-service',
      // A span of the same process says the same.
      'service.instance.id': told()[0]?.resource.attributes['service.instance.id'],
    },
    Attributes: { orderId: 'ord_1', attempt: 2 },
  });
});

it('names its levels as OpenTelemetry names its severities', () => {
  const severities = ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL'];
  const names = logLevels.filter((level) => level !== 'silent').map((name) => name.toUpperCase());
  expect(names.toReversed()).toEqual(severities);
});

it('says in every line which process wrote it: one id, as long as it runs', () => {
  const ids = record('info', {}, {})
    .concat(record('info', {}))
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line).instance);
  expect(ids[0]).toMatch(/^[0-9a-f-]{36}$/);
  expect(new Set(ids).size).toBe(1);
});
