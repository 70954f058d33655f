/**
 * Both hosts as one engine, while orders move from the embedded one to a cluster: whoever knows a run does what is asked
 * of it, and a new run goes to the cluster.
 *
 * 1. The embedded host gets no new run. So which host a run belongs to never changes, whatever crashes.
 * 2. Lists and feeds go from one host to the other: the embedded host's runs are the older ones.
 */
import type {
  Committed,
  Engine,
  Feed,
  FeedEvent,
  Journal,
  ParticipantView,
  Position,
} from '@baton/saga';
import { createSettled } from '@baton/saga/embedded/settled';
import type { ListQuery } from '@baton/saga/journal/journal';

export interface Drained {
  readonly embedded: Engine;
  /** The embedded host's. */
  readonly journal: Pick<Journal, 'readSubmission'>;
  readonly cluster: Engine;
  /** What is carried of the pruned runs of both. */
  readonly addCarried: (a: unknown, b: unknown) => unknown;
}

/** A run of the cluster has a larger number than any run of the embedded host. */
const clusterFrom = 1_000_000_000_000;

export async function createDrainingEngine(drained: Drained): Promise<Engine> {
  const { embedded, journal, cluster, addCarried } = drained;
  const hostOf = (id: string): Engine => (journal.readSubmission(id) ? embedded : cluster);
  return {
    submit: (saga, input, options) => hostOf(options?.id ?? '').submit(saga, input, options),
    cancel: (id, reason) => hostOf(id).cancel(id, reason),
    retry: (id, reason, options) => hostOf(id).retry(id, reason, options),
    skip: (id, step, reason) => hostOf(id).skip(id, step, reason),
    read: (id) => hostOf(id).read(id),
    readState: (id) => hostOf(id).readState(id),
    settled: createSettled((id, signal) => hostOf(id).settled(id, signal)),
    list: (query) => (query.oldestFirst ? listOldest : listNewest)(drained, query),
    async counts() {
      const [old, now] = await Promise.all([embedded.counts(), cluster.counts()]);
      return {
        moving: old.moving + now.moving,
        queued: old.queued + now.queued,
        open: old.open + now.open,
        openMax: now.openMax,
        quarantined: old.quarantined + now.quarantined,
        hasRoom: old.hasRoom && now.hasRoom,
        isReached: now.isReached ?? true,
      };
    },
    async participants() {
      const views = [...(await cluster.participants()), ...(await embedded.participants())];
      const names = [...new Set(views.map(({ participant }) => participant))];
      return names.map((name) =>
        views.filter(({ participant }) => participant === name).reduce(addViews),
      );
    },
    feed: new BothFeeds(await listen(embedded.feed), await listen(cluster.feed)),
    notices: {
      add: (notice) => cluster.notices.add(notice),
      async list(limit) {
        const older = await embedded.notices.list(limit);
        return [...(await cluster.notices.list(limit)), ...older].slice(0, limit);
      },
    },
    archive: {
      read: async () => addCarried(await embedded.archive.read(), await cluster.archive.read()),
    },
    standby: () => embedded.standby(),
    async stop() {
      await embedded.stop();
      await cluster.stop();
    },
  };
}

type Hosts = Pick<Drained, 'embedded' | 'cluster'>;

async function listNewest({ embedded, cluster }: Hosts, query: ListQuery) {
  const newer = isOld(query) ? [] : await listCluster(cluster, query);
  const limit = query.limit - newer.length;
  if (limit === 0) return newer;
  const before = isOld(query) ? query.before : undefined;
  return [...newer, ...(await embedded.list({ ...query, before, limit }))];
}

async function listOldest({ embedded, cluster }: Hosts, query: ListQuery) {
  const before = isOld(query) ? query.before : undefined;
  const older = await embedded.list({ ...query, before });
  const limit = query.limit - older.length;
  if (limit === 0 || isOld(query)) return older;
  return [...older, ...(await listCluster(cluster, { ...query, limit }))];
}

/** Only runs of the embedded host are asked for. */
const isOld = ({ before }: ListQuery): boolean => before !== undefined && before <= clusterFrom;

async function listCluster(cluster: Engine, query: ListQuery) {
  const before = query.before === undefined ? undefined : query.before - clusterFrom;
  const runs = await cluster.list({ ...query, before });
  return runs.map((run) => ({ ...run, number: clusterFrom + run.number }));
}

/** Each host has permits and a breaker of its own: of two breakers, the one that lets less through is shown. */
function addViews(a: ParticipantView, b: ParticipantView): ParticipantView {
  return {
    ...(rank[b.breaker] > rank[a.breaker] ? b : a),
    inFlight: a.inFlight + b.inFlight,
    callsMax: a.callsMax + b.callsMax,
    waiting: a.waiting + b.waiting,
    parked: a.parked + b.parked,
  };
}

const rank: Readonly<Record<ParticipantView['breaker'], number>> = {
  closed: 0,
  probing: 1,
  open: 2,
};

interface Source {
  readonly feed: Feed;
  /** Up to where listeners have heard. */
  readonly told: () => Position;
}

async function listen(feed: Feed): Promise<Source> {
  let heard: Position | undefined;
  // Before the look: what is told in between would be missed.
  feed.subscribe(({ position }) => {
    heard = position;
  });
  const last = await feed.last();
  return { feed, told: () => heard ?? last };
}

/** A position has a place in each feed. One without the second is from before the move. */
class BothFeeds implements Feed {
  readonly start: Position;
  readonly #sources: readonly [Source, Source];
  readonly #old: Feed;
  readonly #now: Feed;

  constructor(...sources: readonly [Source, Source]) {
    this.#sources = sources;
    const [{ feed: old }, { feed: now }] = sources;
    this.#old = old;
    this.#now = now;
    this.start = join(old.start, now.start);
  }

  async last(): Promise<Position> {
    return join(await this.#old.last(), await this.#now.last());
  }

  async read(after: Position, limit: number): Promise<readonly FeedEvent[] | undefined> {
    const [old, now] = this.#split(after);
    const first = await this.#old.read(old, limit);
    const rest = limit - (first?.length ?? 0);
    const second = rest === 0 ? [] : await this.#now.read(now, rest);
    return first && second && follow(old, first, now, second);
  }

  async readKept(after: Position, limit: number): Promise<readonly FeedEvent[]> {
    const [old, now] = this.#split(after);
    const first = await this.#old.readKept(old, limit);
    const rest = limit - first.length;
    const second = rest === 0 ? [] : await this.#now.readKept(now, rest);
    return follow(old, first, now, second);
  }

  async behind(after: Position): Promise<number> {
    const [old, now] = this.#split(after);
    return (await this.#old.behind(old)) + (await this.#now.behind(now));
  }

  subscribe(listener: (committed: Committed) => void): () => void {
    const [old, now] = this.#sources;
    const stops = this.#sources.map(({ feed }) =>
      feed.subscribe((committed) =>
        listener({ ...committed, position: join(old.told(), now.told()) }),
      ),
    );
    return () => {
      for (const stop of stops) stop();
    };
  }

  #split(position: Position): readonly [Position, Position] {
    const [old = '', now = this.#now.start] = position.split(between);
    return [old, now];
  }
}

const between = '~';
const join = (old: Position, now: Position): Position => `${old}${between}${now}`;

/** The events of one feed, then those of the other, each with where both stand after it. */
function follow(
  old: Position,
  first: readonly FeedEvent[],
  now: Position,
  second: readonly FeedEvent[],
): readonly FeedEvent[] {
  const oldEnd = first.at(-1)?.position ?? old;
  return [
    ...first.map((event) => ({ ...event, position: join(event.position, now) })),
    ...second.map((event) => ({ ...event, position: join(oldEnd, event.position) })),
  ];
}
