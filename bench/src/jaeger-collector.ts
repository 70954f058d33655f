/** A real Jaeger for a collector, which is asked for each trace by its id. */
import type { JaegerTrace } from '@baton/e2e/jaeger-trace';
import { startJaeger } from '@baton/e2e/real-jaeger';
import type { Collector } from './collector.ts';
import { isCounted, shapeOf, tally } from './trace-shape.ts';

const listCounted = ({ spans }: JaegerTrace): string[] =>
  spans.flatMap(({ operation, service, kind }) =>
    isCounted(operation) ? [`${service} ${kind}`] : [],
  );

/** Throws without a Jaeger. */
export async function startJaegerCollector(): Promise<Collector> {
  const { otlpUrl, uiUrl, client, stop } = await startJaeger();
  return {
    url: otlpUrl,
    pageUrl: uiUrl,
    readCount: async (traceIds) => {
      const read = await Promise.all(traceIds.map((id) => client.readTrace(id)));
      const traces = read.flatMap((trace) => (trace ? [listCounted(trace)] : []));
      return { shapes: tally(traces.map(shapeOf)), spans: traces.flat().length, lastAt: null };
    },
    clear: async () => {},
    stop,
  };
}
