/**
 * Committed events as Server-Sent Events. A listener keeps a position in the journal and reads on from there, so a slow
 * listener costs nothing but its own time, and a listener that comes back goes on where it was.
 */
import type { Committed, Engine, Event } from '@baton/saga';
import type { ServerEvent } from '@baton/service-kit';
import { toInstant } from '../run/instant.ts';
import { toIdField, type Workflow } from '../workflow.ts';
import { eventsMax, type Turn } from './turns.ts';

/** Each listener reads every event from the disk, or hears of it. */
const listenersMax = 100;

/** Undefined for a listener too many. */
export type Admit = (feed: AsyncGenerator<ServerEvent>) => AsyncIterable<ServerEvent> | undefined;

/** Refuses listeners beyond `max`. A listener counts until it goes. */
export function createAdmission(max = listenersMax): Admit {
  let listeners = 0;
  return (feed) => {
    if (listeners >= max) return undefined;
    return {
      [Symbol.asyncIterator]: () => {
        let leave = (): void => {
          listeners -= 1;
          leave = () => {};
        };
        listeners += 1;
        return {
          next: () => feed.next(),
          return: () => {
            leave();
            return feed.return(undefined);
          },
        };
      },
    };
  };
}

export interface Source {
  readonly engine: Engine;
  /** By an id's prefix. */
  readonly workflowOf: (id: string) => Workflow;
  /** All listeners share it. */
  readonly turn: Turn;
  /** Aborts before there is nothing to read from any more. */
  readonly stopped: AbortSignal;
}

/** All orders' events, from after `lastId` or from now on. Events that were pruned since are announced by a `reset`. */
export async function* feedAll(
  { engine, workflowOf, turn, stopped }: Source,
  lastId: string | undefined,
  signal: AbortSignal,
): AsyncGenerator<ServerEvent> {
  if (stopped.aborted) return;
  using bell = createBell(engine, signal);
  let position = lastId ?? (await engine.feed.last());
  while (await turn(signal)) {
    const page = await engine.feed.read(position, eventsMax);
    if (page === undefined) {
      // Taken before the listener is answered: it must get all that is committed from then on.
      position = await engine.feed.last();
      yield reset;
      continue;
    }
    for (const { run, position: place, event } of page) {
      position = place;
      yield toServerEvent(toIdField(workflowOf(run), run), event, place);
    }
    if (page.length === 0) await bell.wait();
  }
}

/** One order's events, from the first one or from after `lastId`. */
export async function* feedOne(
  { engine, workflowOf, turn }: Source,
  order: { readonly id: string; readonly lastId: string | undefined },
  signal: AbortSignal,
): AsyncGenerator<ServerEvent> {
  using bell = createBell(engine, signal, order.id);
  const read = async () =>
    (await turn(signal)) ? (await engine.read(order.id))?.events : undefined;
  let seq = readSeq(order.lastId ?? '0') ?? 0;
  let events = await read();
  // Ahead of all there is: it was seen in a journal that is no more.
  if (events && seq > events.length) {
    yield reset;
    seq = 0;
  }
  while (events && !signal.aborted) {
    const unseen = events.filter((event) => event.seq > seq);
    for await (const event of inTurns(unseen, () => turn(signal))) {
      seq = event.seq;
      yield toServerEvent(toIdField(workflowOf(order.id), order.id), event, String(event.seq));
    }
    const heard = await bell.wait();
    events = isFollowedBy(seq, heard) ? heard.map(({ event }) => event) : await read();
  }
  if (!events && (await turn(signal))) yield reset;
}

/** All of them, or as many as there are turns for. */
async function* inTurns(
  events: readonly Event[],
  turn: () => Promise<boolean>,
): AsyncGenerator<Event> {
  for (const [i, event] of events.entries()) {
    if (i % eventsMax === 0 && !(await turn())) return;
    yield event;
  }
}

/** What was heard is all that was committed since, as long as it was little: then nothing has to be read. */
const isFollowedBy = (seq: number, heard: readonly Committed[]): boolean =>
  heard.length < heardMax && heard.every(({ event }, i) => event.seq <= seq + 1 + i);

const reset: ServerEvent = { event: 'reset', data: { type: 'reset' } };

const readSeq = (text: string): number | undefined =>
  /^\d{1,15}$/.test(text) ? Number(text) : undefined;

/** Events kept for a busy listener. If there are more, it reads on from its position. */
const heardMax = 100;

/** Rings when something was committed, and says what; of many events, the first ones. */
function createBell(engine: Engine, signal: AbortSignal, run?: string) {
  let rung: Committed[] = [];
  let wake: () => void = () => {};
  const unsubscribe = engine.feed.subscribe((committed) => {
    if (run !== undefined && committed.run !== run) return;
    if (rung.length < heardMax) rung.push(committed);
    wake();
  });
  signal.addEventListener('abort', () => {
    unsubscribe();
    wake();
  });
  return {
    [Symbol.dispose]: unsubscribe,
    async wait(): Promise<readonly Committed[]> {
      if (rung.length === 0 && !signal.aborted) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      const heard = rung;
      rung = [];
      return heard;
    },
  };
}

/** What is shown of an event: never the order's input, nor what participants answered. */
function toServerEvent(
  named: Readonly<Record<string, string>>,
  event: Event,
  id: string,
): ServerEvent {
  const { type, seq, at } = event;
  const shown = {
    ...('way' in event && { step: event.way }),
    ...('attempt' in event && { attempt: event.attempt }),
    ...('direction' in event && { direction: event.direction }),
    ...('step' in event && { step: event.step }),
    ...('code' in event && { code: event.code }),
    ...('note' in event && { note: event.note }),
    ...('retryAt' in event && { retryAt: toInstant(Math.max(at, event.retryAt)) }),
    ...('reason' in event && { reason: event.reason }),
  };
  return { id, event: type, data: { ...named, seq, type, at: toInstant(at), ...shown } };
}
