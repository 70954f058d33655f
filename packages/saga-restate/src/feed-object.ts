/**
 * The feed as a virtual object: the events of all runs in one order, for every replica to follow. One object, so that a
 * position means the same everywhere.
 *
 * 1. The newest events are in the head: to append is one step, and whoever keeps up reads nothing else.
 * 2. A batch is numbered as it comes, and a run begins when its acceptance was numbered.
 * 3. What is older is in pages, objects of their own, which never change.
 */
import {
  buffer,
  type FeedEntry,
  type FeedHandlers,
  type PageHandlers,
  page,
  run,
  type Told,
} from './services.ts';

interface Head {
  readonly last: number;
  /** The newest: one page of them at least, once there are so many, and less than two. */
  readonly entries: readonly FeedEntry[];
}
const emptyHead: Head = { last: 0, entries: [] };
const pageSize = 25;

export const feedHandlers: FeedHandlers = {
  async append(context, { told, buffer: from }) {
    const head = (await context.get<Head>('head')) ?? emptyHead;
    const added = told.flatMap(toEntries);
    const last = head.last + added.length;
    let entries = [...head.entries, ...added];
    for (; entries.length >= 2 * pageSize; entries = entries.slice(pageSize)) {
      const number = (last - entries.length) / pageSize;
      context.objectSendClient(page, String(number)).keep(entries.slice(0, pageSize));
    }
    context.set('head', { last, entries });
    // A run begins once all who list know it: no book finds an effect of a run that nobody knows.
    for (const { run: id, event } of added)
      if (event.seq === 1) context.objectSendClient(run, id).drive({});
    context.objectSendClient(buffer, from).sent();
  },
  async read(context, { after, limit }) {
    const { last, entries } = (await context.get<Head>('head')) ?? emptyHead;
    const base = last - entries.length;
    if (after >= base) return { last, entries: entries.slice(after - base, after - base + limit) };
    const found: FeedEntry[] = [];
    const first = Math.floor(after / pageSize);
    for (let number = first; number * pageSize < base && found.length < limit; number++) {
      const kept = await context.objectClient(page, String(number)).read();
      // A page may be on its way.
      if (!kept) break;
      found.push(...kept);
    }
    const skipped = after - first * pageSize;
    return { last, entries: found.slice(skipped, skipped + limit) };
  },
};

const toEntries = ({ run: id, events, fingerprint }: Told): FeedEntry[] =>
  events.map((event) => ({
    run: id,
    event,
    ...(event.seq === 1 && fingerprint && { fingerprint }),
  }));

export const pageHandlers: PageHandlers = {
  async keep(context, entries) {
    context.set('entries', entries);
  },
  read: (context) => context.get<FeedEntry[]>('entries'),
};
