import { expect, it } from 'vitest';
import { TraceAnswer, toTrace } from './jaeger-trace.ts';

const tag = (key: string, value: string | number | boolean) => ({ key, type: 'any', value });

function toAnswerSpan(spanID: string, startTime: number, parent?: string) {
  const references = [
    { refType: 'FOLLOWS_FROM', traceID: 'other', spanID: 'f' },
    ...(parent ? [{ refType: 'CHILD_OF', traceID: 't', spanID: parent }] : []),
  ];
  const [operationName, duration, processID] = [`step ${spanID}`, 5, 'p1'];
  return {
    traceID: 't',
    spanID,
    operationName,
    references,
    startTime,
    duration,
    processID,
    tags: [],
    logs: null,
    warnings: null,
  };
}

const toAnswer = (spans: readonly object[]) =>
  TraceAnswer.parse({
    traceID: 't',
    spans,
    processes: { p1: { serviceName: 'orchestrator', tags: [tag('host.name', 'one')] } },
  });

it('orders spans by their start, and hangs each below its parent', () => {
  const { spans, roots } = toTrace(
    toAnswer([
      toAnswerSpan('d', 40, 'a'),
      toAnswerSpan('c', 30, 'b'),
      toAnswerSpan('a', 10),
      toAnswerSpan('b', 20, 'a'),
    ]),
  );
  expect(spans.map(({ id }) => id)).toEqual(['a', 'b', 'c', 'd']);
  expect(roots).toMatchObject([
    { id: 'a', parentId: null, children: [{ id: 'b', children: [{ id: 'c' }] }, { id: 'd' }] },
  ]);
});

it('takes a span whose parent is not there for a root that names its parent', () => {
  const { roots } = toTrace(toAnswer([toAnswerSpan('a', 1), toAnswerSpan('b', 2, 'lost')]));
  expect(roots.map(({ id, parentId }) => [id, parentId])).toEqual([
    ['a', null],
    ['b', 'lost'],
  ]);
});

it('keeps both of two spans under one id, and their children once', () => {
  const twice = [toAnswerSpan('a', 1), toAnswerSpan('a', 2), toAnswerSpan('b', 3, 'a')];
  const { spans, roots } = toTrace(toAnswer(twice));
  expect(spans).toHaveLength(3);
  expect(roots.map(({ children }) => children.length)).toEqual([1, 0]);
});

it('reads kind, status and attributes from the tags that carry them', () => {
  const tags = [
    tag('span.kind', 'client'),
    tag('otel.status_code', 'ERROR'),
    tag('otel.status_description', 'payment-declined'),
    tag('error', true),
    tag('baton.attempt', 2),
  ];
  const logs = [{ timestamp: 7, fields: [tag('event', 'fault'), tag('baton.fault', 'status')] }];
  const span = { ...toAnswerSpan('a', 1), tags, logs, warnings: ['clock'] };
  expect(toTrace(toAnswer([span])).spans[0]).toMatchObject({
    service: 'orchestrator',
    resource: { 'host.name': 'one' },
    kind: 'client',
    status: 'error',
    statusMessage: 'payment-declined',
    tags: { 'baton.attempt': 2 },
    events: [{ name: 'fault', atUs: 7, tags: { 'baton.fault': 'status' } }],
    warnings: ['clock'],
  });
  const plain = toTrace(toAnswer([toAnswerSpan('a', 1)])).spans[0];
  expect(plain).toMatchObject({ kind: 'unspecified', status: 'unset', warnings: [] });
});
