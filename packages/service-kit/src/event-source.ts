/** Follows the orchestrator's Server-Sent Events, across lost connections. */
import { setTimeout as delay } from 'node:timers/promises';
import { OrderEvent } from '@baton/contracts';
import { createParser, type EventSourceMessage } from 'eventsource-parser';
import { Agent, request } from 'undici';
import { readJson } from './reply.ts';
import type { HttpOptions } from './transport.ts';

export interface EventsOptions {
  /** Events of one order; default: of all orders. */
  readonly orderId?: string;
  readonly lastEventId?: string;
  /** Ends the iteration. */
  readonly signal: AbortSignal;
}

export type StreamedEvent =
  | { readonly kind: 'event'; readonly id: string | undefined; readonly event: OrderEvent }
  /** Earlier events were pruned, or none came before the connection was lost: read the orders again. */
  | { readonly kind: 'reset'; readonly id: string | undefined }
  /** The server says no, as for an order it does not know; nothing follows. */
  | { readonly kind: 'refused'; readonly status: number };

export interface EventSource {
  readonly events: (options: EventsOptions) => AsyncGenerator<StreamedEvent, void>;
  readonly close: () => Promise<void>;
}

const reconnectMs = 1_000;
/** The server says something every 15 s; after this silence it counts as gone. */
const silenceMaxMs = 45_000;
const eventMaxChars = 1024 * 1024;

function toStreamed({ id, event, data }: EventSourceMessage): readonly StreamedEvent[] {
  if (event === 'reset') return [{ kind: 'reset', id }];
  const parsed = OrderEvent.safeParse(readJson(data));
  // A newer server may send events that this contract cannot read: they are skipped.
  return parsed.success ? [{ kind: 'event', id, event: parsed.data }] : [];
}

async function* readMessages(body: AsyncIterable<Buffer>): AsyncGenerator<EventSourceMessage> {
  const messages: EventSourceMessage[] = [];
  const parser = createParser({
    onEvent: (message) => messages.push(message),
    maxBufferSize: eventMaxChars,
  });
  const decoder = new TextDecoder();
  for await (const chunk of body) {
    parser.feed(decoder.decode(chunk, { stream: true }));
    yield* messages.splice(0);
  }
}

function toUrl(baseUrl: string, orderId: string | undefined): string {
  const base = baseUrl.replace(/\/+$/, '');
  return orderId === undefined
    ? `${base}/events`
    : `${base}/orders/${encodeURIComponent(orderId)}/events`;
}

const connect = (agent: Agent, baseUrl: string, options: EventsOptions) =>
  request(toUrl(baseUrl, options.orderId), {
    dispatcher: agent,
    signal: options.signal,
    headers: {
      accept: 'text/event-stream',
      ...(options.lastEventId === undefined ? {} : { 'last-event-id': options.lastEventId }),
    },
  });

/** One connection: its events, then the end. `isGap`: events may have come since the connection before. */
async function* readOnce(
  agent: Agent,
  { baseUrl, isGap }: { readonly baseUrl: string; readonly isGap: boolean },
  options: EventsOptions,
): AsyncGenerator<StreamedEvent, void> {
  const { statusCode, body } = await connect(agent, baseUrl, options);
  if (statusCode !== 200) {
    await body.dump();
    if (statusCode < 500) yield { kind: 'refused', status: statusCode };
    return;
  }
  if (isGap) yield { kind: 'reset', id: undefined };
  for await (const message of readMessages(body)) yield* toStreamed(message);
}

async function* readAcross(
  agent: Agent,
  baseUrl: string,
  options: EventsOptions,
): AsyncGenerator<StreamedEvent, void> {
  let { lastEventId } = options;
  for (let isFirst = true; !options.signal.aborted; isFirst = false) {
    const resumed = lastEventId === undefined ? options : { ...options, lastEventId };
    // Without an id, the server tells of one order all its events, but of all orders only what comes from now on.
    const isGap = !isFirst && lastEventId === undefined && options.orderId === undefined;
    try {
      for await (const streamed of readOnce(agent, { baseUrl, isGap }, resumed)) {
        yield streamed;
        if (streamed.kind === 'refused') return;
        lastEventId = streamed.id ?? lastEventId;
      }
    } catch {
      // A lost connection says nothing about the orders; the next one resumes.
    }
    await delay(reconnectMs, undefined, { signal: options.signal }).catch(() => {});
  }
}

export function createEventSource({ baseUrl }: HttpOptions): EventSource {
  const agent = new Agent({ headersTimeout: silenceMaxMs, bodyTimeout: silenceMaxMs });
  return {
    events: (options) => readAcross(agent, baseUrl, options),
    close: () => agent.destroy(),
  };
}
