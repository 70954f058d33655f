/**
 * The span of a request that placed an order. It is measured, as only the handler knows its answer: a process that is
 * killed before the answer loses it. So no other span hangs on it: it stands beside the order's own span, or below it
 * where the caller has no trace.
 */
import { markSpan, startRequestBelow, type Tracing } from '@baton/telemetry';
import { readRunTrace } from '../run/run-trace.ts';

export interface Placing {
  readonly id: string;
  /** Such as `/orders`. */
  readonly route: string;
  readonly context: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly httpVersion?: string | undefined;
  /** In milliseconds since the epoch. */
  readonly receivedAt: number;
  /** Aborted: the caller has left. */
  readonly signal: AbortSignal;
}

export async function traceRequest<A extends { readonly status: number }>(
  tracing: Tracing | undefined,
  placing: Placing,
  answer: () => Promise<A>,
): Promise<A> {
  // The request of a traced caller already has its span.
  markSpan({ 'baton.order.id': placing.id });
  const end = tracing && startSpan(tracing, placing);
  try {
    const answered = await answer();
    end?.(placing.signal.aborted ? null : answered.status);
    return answered;
  } catch (error) {
    end?.(500);
    throw error;
  }
}

function startSpan(
  tracing: Tracing,
  { id, route, context, headers, httpVersion, receivedAt: startedAt }: Placing,
) {
  const order = readRunTrace(id, { context, calls: 0 });
  if (!order || order.parentSpanId !== null) return undefined;
  const attributes = {
    'http.request.method': 'POST',
    'http.route': route,
    'url.path': route,
    'url.scheme': 'http',
    ...toServer(headers.host),
    'network.protocol.version': httpVersion,
    'baton.order.id': id,
  };
  const place = { traceId: order.traceId, spanId: order.orderSpanId };
  return startRequestBelow(tracing, place, { name: `POST ${route}`, attributes, startedAt });
}

/** As the caller named it, which the app has checked. */
function toServer(host: string | undefined) {
  const url = `http://${host}`;
  if (host === undefined || !URL.canParse(url)) return {};
  const { hostname, port } = new URL(url);
  return { 'server.address': hostname, 'server.port': Number(port) || 80 };
}
