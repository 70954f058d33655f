/**
 * Committed events as Server-Sent Events. A listener keeps a place in the journal and reads on from there, so a slow
 * one costs nothing but its own time, and one that comes back goes on where it was.
 */
import type { Engine, Event } from '@baton/saga';
import type { ServerEvent } from '@baton/service-kit';
import { toInstant } from '../order/instant.ts';

const pageMax = 200;

/** All orders' events, from after `lastId` or from now on. Events that were pruned since are announced by a `reset`. */
export async function* feedAll(
  engine: Engine,
  lastId: string | undefined,
  signal: AbortSignal,
): AsyncGenerator<ServerEvent> {
  using bell = createBell(engine, signal);
  let position = lastId === undefined ? undefined : readPosition(lastId);
  if (position === null) yield reset;
  while (!signal.aborted) {
    const page = typeof position === 'number' ? engine.journal.readFeed(position, pageMax) : [];
    if (page === undefined) {
      yield reset;
      position = undefined;
      continue;
    }
    for (const { run, position: place, event } of page) {
      position = place;
      yield toServerEvent(run, event, String(place));
    }
    if (page.length > 0) continue;
    const rung = await bell.wait();
    position ??= rung - 1;
  }
}

/** One order's events, from the first one or from after `lastId`. */
export async function* feedOne(
  engine: Engine,
  order: { readonly id: string; readonly lastId: string | undefined },
  signal: AbortSignal,
): AsyncGenerator<ServerEvent> {
  using bell = createBell(engine, signal, order.id);
  let seq = readPosition(order.lastId ?? '0') ?? 0;
  while (!signal.aborted) {
    const events = engine.journal.read(order.id)?.events;
    if (!events || seq > events.length) yield reset;
    if (!events) return;
    // Ahead of all there is: it was seen in a journal that is no more.
    if (seq > events.length) seq = 0;
    for (const event of events.filter((candidate) => candidate.seq > seq)) {
      seq = event.seq;
      yield toServerEvent(order.id, event, String(event.seq));
    }
    await bell.wait();
  }
}

const reset: ServerEvent = { event: 'reset', data: { type: 'reset' } };

/** Null: it is none of ours, so the listener must begin anew. */
const readPosition = (text: string): number | null =>
  /^\d{1,15}$/.test(text) ? Number(text) : null;

/** Rings when something was committed; keeps one ring at most, and the position of the first one. */
function createBell(engine: Engine, signal: AbortSignal, run?: string) {
  let rung: number | undefined;
  let wake: () => void = () => {};
  const unsubscribe = engine.subscribe((committed) => {
    if (run !== undefined && committed.run !== run) return;
    rung ??= committed.position;
    wake();
  });
  signal.addEventListener('abort', () => {
    unsubscribe();
    wake();
  });
  return {
    [Symbol.dispose]: unsubscribe,
    async wait(): Promise<number> {
      if (rung === undefined && !signal.aborted) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      const first = rung ?? 0;
      rung = undefined;
      return first;
    },
  };
}

/** What is shown of an event: never the order's input, nor what participants answered. */
function toServerEvent(orderId: string, event: Event, id: string): ServerEvent {
  const { type, seq, at } = event;
  const shown = {
    ...('way' in event && { step: event.way }),
    ...('attempt' in event && { attempt: event.attempt }),
    ...('direction' in event && { direction: event.direction }),
    ...('step' in event && { step: event.step }),
    ...('code' in event && { code: event.code }),
    ...('note' in event && { note: event.note }),
    ...('retryAt' in event && { retryAt: toInstant(event.retryAt) }),
    ...('reason' in event && { reason: event.reason }),
  };
  return { id, event: type, data: { orderId, seq, type, at: toInstant(at), ...shown } };
}
