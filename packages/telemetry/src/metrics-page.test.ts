/** One set of figures, in the text that was asked for. */
import { expect, it } from 'vitest';
import { createHistogram } from './histogram.ts';
import { createMetrics } from './metrics.ts';
import { openMetricsType, textType, writeMetrics } from './metrics-page.ts';

function createObserved() {
  const metrics = createMetrics('payment-service');
  const observe = createHistogram(metrics.registry, {
    name: 'span_seconds',
    help: 'Spans',
    labelNames: ['step'],
    buckets: [1],
  });
  const span = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), isSampled: true };
  observe({ step: 'odd # {trace_id="x"} 1 2' }, 0.5, span);
  metrics.countFault('payment.process', 'latency');
  return metrics.registry;
}

const pick = (text: string, name: string): string[] =>
  text.split('\n').filter((line) => line.includes(name));

it('names a counter in the older text by its whole name, and has no exemplars there', async () => {
  const text = await writeMetrics(createObserved(), textType);
  expect(pick(text, 'baton_faults')).toEqual([
    expect.stringMatching(/^# HELP baton_faults_injected_total /),
    '# TYPE baton_faults_injected_total counter',
    expect.stringMatching(/^baton_faults_injected_total\{.*\} 1$/),
  ]);
  expect(pick(text, 'span_seconds_bucket')[0]).toBe(
    'span_seconds_bucket{le="1",service="payment-service",step="odd # {trace_id=\\"x\\"} 1 2"} 1',
  );
  expect(text).not.toMatch(/span_id|# EOF/);
});

it('has exemplars, the family of a counter and an end in OpenMetrics', async () => {
  const text = await writeMetrics(createObserved(), openMetricsType);
  expect(pick(text, 'baton_faults')).toEqual([
    expect.stringMatching(/^# HELP baton_faults_injected /),
    '# TYPE baton_faults_injected counter',
    expect.stringMatching(/^baton_faults_injected_total\{.*\} 1$/),
  ]);
  expect(pick(text, 'span_seconds_bucket')[0]).toMatch(/ # \{trace_id="a{32}",span_id="b{16}"\} /);
  expect(text).toMatch(/\n# EOF\n$/);
});

it('lets none of many scrapes at once be written in the text of another', async () => {
  const registry = createObserved();
  const types = Array.from({ length: 20 }, (_, i) => (i % 2 === 0 ? textType : openMetricsType));
  const texts = await Promise.all(types.map((type) => writeMetrics(registry, type)));
  for (const [i, text] of texts.entries()) {
    const isOpenMetrics = types[i] === openMetricsType;
    expect(text.endsWith('# EOF\n')).toBe(isOpenMetrics);
    expect(text.includes('span_id')).toBe(isOpenMetrics);
    expect(text.includes('# TYPE baton_faults_injected_total counter')).toBe(!isOpenMetrics);
  }
});

it('calls nothing a total that is no counter', async () => {
  const text = await writeMetrics(createObserved(), textType);
  expect(text).toContain('# TYPE nodejs_active_resources gauge');
  expect(text.match(/^# TYPE \S+_total (?!counter).*$/gm)).toBeNull();
});
