/** Server-Sent Events from an async iterator, no faster than the caller reads. */
import { once } from 'node:events';
import type { Response } from 'express';
import type { ServerEvent, StreamAnswer } from './answer.ts';

/** Proxies close a connection that says nothing for about a minute. */
const heartbeatMs = 15_000;

const toText = ({ id, event, data }: ServerEvent): string =>
  `${id === undefined ? '' : `id: ${id}\n`}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;

/** A caller that goes while its connection is full ends the wait, not the process. */
async function write(response: Response, text: string, signal: AbortSignal): Promise<void> {
  if (!response.write(text)) await once(response, 'drain', { signal }).catch(() => {});
}

export async function sendEvents(
  response: Response,
  { events }: StreamAnswer,
  signal: AbortSignal,
): Promise<void> {
  response.setHeader('content-type', 'text/event-stream');
  response.setHeader('cache-control', 'no-store');
  response.flushHeaders();
  if (response.req.method === 'HEAD' || signal.aborted) {
    response.end();
    return;
  }
  const heartbeat = setInterval(() => response.write(': still here\n\n'), heartbeatMs);
  const iterator = events[Symbol.asyncIterator]();
  // Also when the iterator ignores its return: nothing may go on writing to a caller that left.
  const stop = () => {
    clearInterval(heartbeat);
    void iterator.return?.();
  };
  signal.addEventListener('abort', stop);
  try {
    for (let next = await iterator.next(); !next.done; next = await iterator.next()) {
      if (signal.aborted) break;
      await write(response, toText(next.value), signal);
    }
  } finally {
    signal.removeEventListener('abort', stop);
    stop();
    response.end();
  }
}
