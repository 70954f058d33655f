import { orderPlan } from '@baton/e2e/order-plan';
import { expect, it } from 'vitest';
import { createTraceCount } from './trace-count.ts';
import { completedShape } from './trace-shape.ts';

type Sent = readonly [service: string, spans: readonly (readonly [id: string, kind: number])[]];

const toBody = (traceId: string, sent: readonly Sent[], name = 'any'): Buffer =>
  Buffer.from(
    JSON.stringify({
      resourceSpans: sent.map(([service, spans]) => ({
        resource: { attributes: [{ key: 'service.name', value: { stringValue: service } }] },
        scopeSpans: [
          { scope: {}, spans: spans.map(([spanId, kind]) => ({ traceId, spanId, name, kind })) },
        ],
      })),
    }),
  );
const [internal, server, client] = [1, 2, 3];

/** As the orchestrator and the services send it. */
const completed: readonly Sent[] = [
  [
    'orchestrator',
    [
      ['request', server],
      ['order', internal],
      ['end', internal],
      ...orderPlan.flatMap(({ name }): [string, number][] => [
        [`step ${name}`, internal],
        [`call ${name}`, client],
      ]),
    ],
  ],
  ...orderPlan.map(({ name, first }): Sent => [first.participant, [[`${name} request`, server]]]),
];

it('knows what the trace of a completed order has, in whatever pieces it arrives', () => {
  const count = createTraceCount();
  for (const piece of completed.toReversed()) count.add(toBody('t1', [piece]));
  count.add(toBody('t2', completed));
  expect(count.readShapes()).toEqual({ [completedShape]: 2 });
  expect(count.spans()).toBe(2 * (3 + 3 * orderPlan.length));
});

it('misses a span that did not arrive', () => {
  const count = createTraceCount();
  count.add(toBody('t1', completed.slice(0, -1)));
  expect(Object.keys(count.readShapes())).not.toContain(completedShape);
});

it('counts a span once that arrives twice, and a place in the queue not at all', () => {
  const count = createTraceCount();
  count.add(toBody('t1', completed));
  count.add(toBody('t1', completed.slice(0, 2)));
  count.add(toBody('t1', [['orchestrator', [['waited', internal]]]], 'queued'));
  expect(count.readShapes()).toEqual({ [completedShape]: 1 });
});

it('begins anew once cleared', () => {
  const count = createTraceCount();
  count.add(toBody('t1', completed));
  count.clear();
  expect(count.readShapes()).toEqual({});
});

it('takes nothing that is not OTLP', () => {
  expect(() => createTraceCount().add(Buffer.from('{}'))).toThrow('resourceSpans');
});
