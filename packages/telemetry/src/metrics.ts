import { type Span, TraceFlags, trace } from '@opentelemetry/api';
import { Counter, collectDefaultMetrics, type OpenMetricsContentType, Registry } from 'prom-client';
import { createHistogram } from './histogram.ts';
import { toRequestError } from './request-error.ts';
import type { SpanRef } from './span-ref.ts';

export interface MeasuredRequest {
  readonly method: string;
  /** A contract's path with the names of its parameters, never a raw path, so that labels stay bounded. */
  readonly route: string;
}
export interface MeasuredCall extends MeasuredRequest {
  /** The server, by its name or by its host. */
  readonly address: string;
  /** Undefined in a test's process. */
  readonly port: number | undefined;
}
/** `error` is a word of ours. */
export type CallOutcome = { readonly status: number } | { readonly error: string };

export interface Metrics {
  readonly registry: Registry<OpenMetricsContentType>;
  /**
   * Called when a request begins; the returned function, when the answer is out, or with null when none reached the
   * caller. A response's events are outside of the request's context, so the span is looked up at the beginning.
   */
  readonly startRequest: (request: MeasuredRequest) => (status: number | null) => void;
  /** As `startRequest`, for a request to another service. Attempts have exemplars of their own. */
  readonly startCall: (call: MeasuredCall) => (outcome: CallOutcome) => void;
  /** Faults put in on purpose; 0 from the start, so that the first fault is a rise. */
  readonly countFault: (operation: string, kind: string, times?: number) => void;
}

function toRef(span: Span | undefined): SpanRef | undefined {
  if (!span) return undefined;
  const { traceId, spanId, traceFlags } = span.spanContext();
  return { traceId, spanId, isSampled: (traceFlags & TraceFlags.SAMPLED) !== 0 };
}

/** Gauges that prom-client calls totals, which only counters are. `nodejs_active_resources` says the same by type. */
const misnamed = ['resources', 'handles', 'requests'].map((what) => `nodejs_active_${what}_total`);

/** `writeMetrics` makes a page of the registry. */
export function createMetrics(service: string): Metrics {
  const registry = new Registry<OpenMetricsContentType>();
  registry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE);
  registry.setDefaultLabels({ service });
  collectDefaultMetrics({ register: registry });
  for (const name of misnamed) registry.removeSingleMetric(name);
  const startRequest = timeRequests(registry);
  const startCall = timeCalls(registry);
  const faults = new Counter({
    name: 'baton_faults_injected_total',
    help: 'Faults put in on purpose, by operation and kind',
    labelNames: ['operation', 'kind'],
    registers: [registry],
  });
  return {
    registry,
    startRequest,
    startCall,
    countFault: (operation, kind, times = 1) => faults.inc({ operation, kind }, times),
  };
}

/** In seconds; a request may ask to wait for 30. */
const secondsOfRequests = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 30];

/** Names and labels of both histograms are from OpenTelemetry's conventions. To Prometheus, an empty label is none. */
function timeRequests(registry: Metrics['registry']): Metrics['startRequest'] {
  const observe = createHistogram(registry, {
    name: 'http_server_request_duration_seconds',
    help: 'How long requests took to be answered',
    labelNames: [
      'http_route',
      'http_request_method',
      'http_response_status_code',
      'url_scheme',
      'error_type',
    ],
    buckets: secondsOfRequests,
  });
  return ({ method, route }) => {
    const startedMs = performance.now();
    const span = trace.getActiveSpan();
    return (status) => {
      const labels = {
        http_route: route,
        http_request_method: method,
        http_response_status_code: status ?? '',
        url_scheme: 'http',
        error_type: toRequestError(status) ?? '',
      };
      observe(labels, secondsSince(startedMs), toRef(span));
    };
  };
}

function timeCalls(registry: Metrics['registry']): Metrics['startCall'] {
  const observe = createHistogram(registry, {
    name: 'http_client_request_duration_seconds',
    help: 'How long requests to other services took, as the caller sees it',
    labelNames: [
      'server_address',
      'server_port',
      'http_route',
      'http_request_method',
      'http_response_status_code',
      'error_type',
    ],
    buckets: secondsOfRequests,
  });
  return ({ method, route, address, port = '' }) => {
    const startedMs = performance.now();
    return (outcome) => {
      const labels = {
        server_address: address,
        server_port: port,
        http_route: route,
        http_request_method: method,
        http_response_status_code: 'status' in outcome ? outcome.status : '',
        error_type: toCallError(outcome),
      };
      observe(labels, secondsSince(startedMs));
    };
  };
}

/** By convention a 4xx is an error to its caller. */
function toCallError(outcome: CallOutcome): string {
  if ('error' in outcome) return outcome.error;
  return outcome.status >= 400 ? String(outcome.status) : '';
}

const secondsSince = (startedMs: number): number => (performance.now() - startedMs) / 1_000;
