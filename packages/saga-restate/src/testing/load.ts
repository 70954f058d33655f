/** The cluster's own objects under a load of no orders: how many calls the lanes admit, and how many events the feed takes. */
import { setTimeout as delay } from 'node:timers/promises';
import { toBreakerOptions } from '@baton/saga/run/breaker';
import type { ObjectContext } from '@restatedev/restate-sdk';
import { createBreakerHandlers } from '../breaker-object.ts';
import { bufferHandlers, findBuffer } from '../buffer-object.ts';
import { createLink } from '../endpoint.ts';
import { feedHandlers, pageHandlers } from '../feed-object.ts';
import { findRun } from '../ingress.ts';
import { createLaneHandlers } from '../lane-object.ts';
import { nameLane, toShare } from '../partition.ts';
import type { Batch, RunHandlers } from '../services.ts';
import { buffer, lane, run } from '../services.ts';
import type { RestateNode } from './restate-nodes.ts';

export interface Load {
  /** Calls a second that so many lanes of one participant admit, with all their permits in use. */
  admit(lanes: number): Promise<number>;
  /** Of events: how many a second the feed takes, and how many with one message. */
  tell(): Promise<{ readonly perSecond: number; readonly perMessage: number }>;
  close(): Promise<void>;
}
export interface LoadOptions {
  readonly node: RestateNode;
  /** What each message to an object takes besides, as between machines. */
  readonly awayMs: number;
  readonly seconds: number;
}

const callsMax = 64;
const tellers = 16;
const asked = { direction: 'forward', priority: 'in-flight', now: 1, timeoutMs: 1_000 } as const;
const ended = { verdict: 'healthy', failedAt: 0, now: 1, random: 0.5 } as const;
const event = { type: 'cancel-requested', reason: 'any', seq: 2, at: 1 } as const;
const events = [event, event, event];

export async function startLoad({ node, awayMs, seconds }: LoadOptions): Promise<Load> {
  const link = createLink({
    ingressUrls: [node.ingressUrl],
    registration: { adminUrls: [node.adminUrl] },
  });
  const counts = { calls: 0, messages: 0, events: 0 };
  /** A message came last. */
  let heardMs = 0;
  let rounds = 0;
  /** The one that is measured, or 0. */
  let round = 0;
  const far = <H extends object>(
    handlers: H,
    onCall = (_name: string, _input: unknown): void => {},
  ): H =>
    Object.fromEntries(
      Object.entries(handlers).map(([name, handle]) => [
        name,
        async (context: unknown, input: unknown) => {
          heardMs = performance.now();
          await delay(awayMs);
          onCall(name, input);
          return handle(context, input);
        },
      ]),
    ) as H; // the named boundary: the same handlers, later
  const handlers = {
    run: createRunHandlers((key) => !key.endsWith(` ${round}`)),
    lane: far(createLaneHandlers({ callsMax }), (name) => {
      if (name === 'admit') counts.calls += 1;
    }),
    breaker: far(createBreakerHandlers({ callsMax, breaker: toBreakerOptions() })),
    buffer: far(bufferHandlers),
    feed: far(feedHandlers, (name, input) => {
      if (name !== 'append') return;
      counts.messages += 1;
      counts.events += countEvents(input as Batch); // the named boundary: what the buffers send
    }),
    page: far(pageHandlers),
  };
  const served = await link.serve(handlers, 1_000);
  await served.register();
  async function measure(names: readonly string[]) {
    rounds += 1;
    round = rounds;
    for (const name of names)
      await link.call((ingress, opts) => findRun(ingress, `${name} ${round}`).nudge({}, opts));
    await until(() => counts.calls + counts.messages > 0);
    await delay(1_000);
    const before = { ...counts };
    const beganMs = performance.now();
    await delay(seconds * 1_000);
    const tookSeconds = (performance.now() - beganMs) / 1_000;
    round = 0;
    const calls = counts.calls - before.calls;
    const messages = counts.messages - before.messages;
    const told = counts.events - before.events;
    await until(() => performance.now() - heardMs > 1_000);
    Object.assign(counts, { calls: 0, messages: 0, events: 0 });
    return { calls: calls / tookSeconds, told: told / tookSeconds, perMessage: told / messages };
  }
  return {
    async admit(lanes) {
      const names = Array.from({ length: lanes }, (_, index) =>
        Array.from({ length: toShare(callsMax, index) }, (_, i) => `call ${index} ${i}`),
      );
      return (await measure(names.flat())).calls;
    },
    async tell() {
      const { told, perMessage } = await measure(
        Array.from({ length: tellers }, (_, i) => `tell ${i}`),
      );
      return { perSecond: told, perMessage };
    },
    close: () => served.stop(),
  };
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await delay(20);
}

const countEvents = ({ told }: Batch): number =>
  told.reduce((sum, { events: some }) => sum + some.length, 0);

/** Each run makes a call, or tells of some, and sends itself a message to go on. */
function createRunHandlers(isOver: (key: string) => boolean): RunHandlers {
  async function nothing(): Promise<never> {
    throw new Error('this is a load, and no run');
  }
  async function drive(context: ObjectContext): Promise<void> {
    const { key } = context;
    if (isOver(key)) return;
    const [kind, index] = key.split(' ');
    const name = nameLane('any', Number(index));
    if (kind === 'tell') {
      await context.objectClient(buffer, findBuffer(key)).tell({ run: key, events });
    } else {
      const barrier = await context.objectClient(lane, name).admit({ ...asked, run: key });
      if (barrier) throw new Error(`a call was held up: ${barrier}`);
      context.objectSendClient(lane, name).release({ ...ended, run: key });
    }
    context.objectSendClient(run, key).drive({});
  }
  return {
    drive,
    nudge: async (context) => void context.objectSendClient(run, context.key).drive({}),
    submit: nothing,
    cancel: nothing,
    retry: nothing,
    skip: nothing,
    forget: nothing,
    read: nothing,
  };
}
