/** How many spans of which service and kind each trace has, read from what exporters send. */
import { z } from 'zod';
import { isCounted, shapeOf, tally } from './trace-shape.ts';

const kinds = ['unspecified', 'internal', 'server', 'client', 'producer', 'consumer'] as const;

const Sent = z.object({
  resourceSpans: z.array(
    z.object({
      resource: z.object({
        attributes: z.array(
          z.object({ key: z.string(), value: z.object({ stringValue: z.string().optional() }) }),
        ),
      }),
      scopeSpans: z.array(
        z.object({
          spans: z.array(
            z.object({
              traceId: z.string(),
              spanId: z.string(),
              name: z.string(),
              kind: z.number().int().min(0).max(5),
            }),
          ),
        }),
      ),
    }),
  ),
});

export interface TraceCount {
  /** One body as it arrived. Throws when it is not OTLP in JSON. */
  add(body: string): void;
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
    add: (body) => {
      for (const { resource, scopeSpans } of Sent.parse(JSON.parse(body)).resourceSpans) {
        const named = resource.attributes.find(({ key }) => key === 'service.name');
        const service = named?.value.stringValue ?? 'unnamed';
        for (const { traceId, spanId, name, kind } of scopeSpans.flatMap(({ spans }) => spans))
          if (isCounted(name)) findTrace(traceId).set(spanId, `${service} ${kinds[kind]}`);
      }
    },
    readShapes: () => tally([...traces.values()].map((spans) => shapeOf(spans.values()))),
    spans: () => [...traces.values()].reduce((sum, { size }) => sum + size, 0),
    clear: () => traces.clear(),
  };
}
