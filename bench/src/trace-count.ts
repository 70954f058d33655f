/** How many spans of which service and kind each trace has, read from what exporters send. */
import { z } from 'zod';

const KINDS = ['unspecified', 'internal', 'server', 'client', 'producer', 'consumer'] as const;
/** Worth a span only where an order had to wait for its turn, which no two runs have in common. */
const OPTIONAL = 'queued';

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

/** The services called for one order that nothing befalls, each once. */
const called = ['order-service', 'inventory-service', 'payment-service', 'notification-service'];

/** What the trace of such an order has: its root, its end, and for each step itself, its call, the service and its store. */
export const completedShape: string = toShape(
  new Map([
    ['orchestrator server', 1],
    ['orchestrator internal', 1 + called.length],
    ['orchestrator client', called.length],
    ...called.flatMap((name): [string, number][] => [
      [`${name} server`, 1],
      [`${name} internal`, 1],
    ]),
  ]),
);

function toShape(counts: ReadonlyMap<string, number>): string {
  const parts = [...counts].map(([what, count]) => `${count} ${what}`);
  return parts.toSorted().join(', ');
}

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
          if (name !== OPTIONAL) findTrace(traceId).set(spanId, `${service} ${KINDS[kind]}`);
      }
    },
    readShapes: () => {
      const shapes = [...traces.values()].map((spans) => {
        const alike = Map.groupBy(spans.values(), (what) => what);
        return toShape(new Map([...alike].map(([what, those]) => [what, those.length])));
      });
      const alike = Map.groupBy(shapes, (shape) => shape);
      return Object.fromEntries([...alike].map(([shape, those]) => [shape, those.length]));
    },
    spans: () => [...traces.values()].reduce((sum, { size }) => sum + size, 0),
    clear: () => traces.clear(),
  };
}
