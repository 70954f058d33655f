/** How many spans of which service and kind each trace has, read from what exporters send. */
import { readSentSpans } from '@baton/telemetry/testing/sent-spans';
import { isCounted, shapeOf, tally } from './trace-shape.ts';

const kinds = ['unspecified', 'internal', 'server', 'client', 'producer', 'consumer'] as const;

export interface TraceCount {
  /** One body as it arrived. Throws when it is not OTLP. */
  add(body: Buffer, type?: string): void;
  /** How many traces have which shape: `1 orchestrator server, …`. */
  readShapes(): Record<string, number>;
  readonly spans: () => number;
  clear(): void;
}

/** A span that arrives twice is one. */
export function createTraceCount(): TraceCount {
  const traces = new Map<string, Map<string, string>>();
  const findTrace = (id: string): Map<string, string> => {
    const trace = traces.get(id) ?? new Map<string, string>();
    traces.set(id, trace);
    return trace;
  };
  return {
    add: (body, type) => {
      for (const { resource, traceId, spanId, name, kind } of readSentSpans(body, type)) {
        const service = resource['service.name'] ?? 'unnamed';
        if (isCounted(name)) findTrace(traceId).set(spanId, `${service} ${kinds[kind]}`);
      }
    },
    readShapes: () => tally([...traces.values()].map((spans) => shapeOf(spans.values()))),
    spans: () => [...traces.values()].reduce((sum, { size }) => sum + size, 0),
    clear: () => traces.clear(),
  };
}
