/** Jaeger's query API, as its web page uses it, parsed. */
import { z } from 'zod';
import { type JaegerTrace, TraceAnswer, toTrace } from './jaeger-trace.ts';

const answerLongestMs = 10_000;
const lookbackMs = 24 * 3_600_000;

export interface TraceQuery {
  readonly service: string;
  readonly operation?: string;
  /** All of them on one span, as the text of their values. */
  readonly tags?: Readonly<Record<string, string>>;
  /** How many traces at the most, the newest first: 20, if not said. */
  readonly limit?: number;
}

export interface Dependency {
  readonly parent: string;
  readonly child: string;
  readonly callCount: number;
}

export interface QueryClient {
  /** In alphabetical order, as operations are. */
  readServices(): Promise<readonly string[]>;
  readOperations(service: string): Promise<readonly string[]>;
  /** Null when no span of it has arrived. */
  readTrace(traceId: string): Promise<JaegerTrace | null>;
  findTraces(query: TraceQuery): Promise<readonly JaegerTrace[]>;
  /** Which service called which, by span and parent span, in the traces of the last day. */
  readDependencies(): Promise<readonly Dependency[]>;
}

const Names = z.object({ data: z.array(z.string()).nullable() });
const Traces = z.object({ data: z.array(TraceAnswer).nullable() });
const Dependencies = z.object({
  data: z
    .array(z.object({ parent: z.string(), child: z.string(), callCount: z.number() }))
    .nullable(),
});

export function createQueryClient(uiUrl: string): QueryClient {
  /** Null for what is not there. */
  async function read<T>(path: string, shape: z.ZodType<T>): Promise<T | null> {
    const url = `${uiUrl}/api/${path}`;
    const answer = await fetch(url, { signal: AbortSignal.timeout(answerLongestMs) });
    if (answer.status === 404) return null;
    if (!answer.ok) throw new Error(`${url}: ${answer.status} ${await answer.text()}`);
    return shape.parse(await answer.json());
  }
  return {
    async readServices() {
      return ((await read('services', Names))?.data ?? []).toSorted();
    },
    async readOperations(service) {
      const path = `services/${encodeURIComponent(service)}/operations`;
      return ((await read(path, Names))?.data ?? []).toSorted();
    },
    async readTrace(traceId) {
      const [trace] = (await read(`traces/${traceId}`, Traces))?.data ?? [];
      return trace ? toTrace(trace) : null;
    },
    async findTraces(query) {
      return ((await read(`traces?${toParameters(query)}`, Traces))?.data ?? []).map(toTrace);
    },
    async readDependencies() {
      const path = `dependencies?endTs=${Date.now()}&lookback=${lookbackMs}`;
      return (await read(path, Dependencies))?.data ?? [];
    },
  };
}

function toParameters({ service, operation, tags = {}, limit = 20 }: TraceQuery): URLSearchParams {
  const now = Date.now();
  return new URLSearchParams({
    service,
    ...(operation ? { operation } : {}),
    tags: JSON.stringify(tags),
    limit: String(limit),
    // In microseconds.
    start: `${now - lookbackMs}000`,
    end: `${now + lookbackMs}000`,
  });
}
