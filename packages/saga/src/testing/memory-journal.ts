import type { Event } from '../core/event.ts';
import { endlessMs, type Rest } from '../core/rest.ts';
import {
  type Age,
  type Append,
  type Journal,
  type ListQuery,
  type Notice,
  noticesMax,
  type RunSummary,
  type StoredEvent,
  type StoredRun,
  type StoredSubmission,
} from '../journal/journal.ts';

type StoredRow = RunSummary & Pick<Append, 'rest'>;

interface Stored {
  readonly feed: StoredEvent[];
  /** The newest first. */
  readonly notices: Notice[];
  readonly runs: Map<string, StoredRow>;
  readonly secrets: Map<string, Readonly<Record<string, unknown>>>;
  readonly submissions: Map<string, StoredSubmission>;
  carried: unknown;
  age: Age | undefined;
  isAtRest: boolean;
  wasTold: boolean;
  unseenTo: number;
  prunedTo: number;
  positions: number;
}

/** What outlives an engine: hand the same one to the next journal to go on after a crash. */
export const createMemoryStore = (): Stored => ({
  feed: [],
  notices: [],
  runs: new Map(),
  secrets: new Map(),
  submissions: new Map(),
  carried: undefined,
  age: undefined,
  isAtRest: true,
  wasTold: false,
  unseenTo: 0,
  prunedTo: 0,
  positions: 0,
});

/** Of a run that may go on at once, for tests that write a journal by hand. */
export const dueNow: Append['rest'] = {
  dueAt: 0,
  priority: 'new',
  waits: [],
  at: 0,
};

/** A journal without a disk, for tests of sagas. It forgets everything with its process. */
export function createMemoryJournal(store: Stored = createMemoryStore()): Journal {
  const newestFirst = (): StoredRow[] =>
    [...store.runs.values()].sort((a, b) => b.number - a.number);
  const readOldestFirst = (): StoredRow[] => newestFirst().reverse();
  if (!store.isAtRest) store.unseenTo = store.positions;
  const { unseenTo, wasTold } = store;
  store.isAtRest = false;
  store.wasTold = false;
  const readKept = (after: number, limit: number) =>
    store.feed.filter(({ position }) => position > after).slice(0, limit);
  return {
    append: async (entry) => {
      await new Promise<void>((resolve) => queueMicrotask(resolve));
      return write(store, entry);
    },
    addNotice: async (notice) => {
      await new Promise<void>((resolve) => queueMicrotask(resolve));
      store.notices.unshift(JSON.parse(JSON.stringify(notice)));
      store.notices.splice(noticesMax);
    },
    readNotices: (limit) => store.notices.slice(0, limit),
    read: (run) => readRun(store, run),
    readSubmission: (run) => store.submissions.get(run),
    list: ({ status, limit, before = Number.MAX_SAFE_INTEGER, oldestFirst }) =>
      (oldestFirst ? readOldestFirst() : newestFirst())
        .filter((run) => run.number < before && isListed(run, status))
        .slice(0, limit)
        .map(({ rest: _, ...summary }) => summary),
    listDue: (priority, now, limit) =>
      readOldestFirst()
        .filter(({ rest }) => rest.priority === priority && isDue(rest, now))
        .sort((a, b) => (a.rest.dueAt ?? 0) - (b.rest.dueAt ?? 0))
        .slice(0, limit)
        .map(({ id }) => id),
    countDue: (now) => [...store.runs.values()].filter(({ rest }) => isDue(rest, now)).length,
    nextDueAt: (now) =>
      Math.min(
        endlessMs,
        ...[...store.runs.values()].flatMap(({ rest: { dueAt } }) =>
          dueAt !== null && dueAt > now ? [dueAt] : [],
        ),
      ),
    listWaiting: (participant, kind, sinceBefore, limit) =>
      [...store.runs.values()]
        .flatMap(({ id, rest }) =>
          rest.waits
            .filter((wait) => wait.participant === participant && wait.kind === kind)
            .map(({ rank }) => ({ id, rank, since: rest.at })),
        )
        .filter(({ since }) => since < sinceBefore)
        .sort((a, b) => a.rank - b.rank || a.since - b.since || (a.id < b.id ? -1 : 1))
        .slice(0, limit)
        .map(({ id }) => id),
    countWaits: () => {
      const waits = [...store.runs.values()].flatMap(({ rest }) => rest.waits);
      const groups = Map.groupBy(waits, ({ participant, kind }) => `${kind} ${participant}`);
      return [...groups.values()].flatMap((group) => {
        const [first] = group;
        return first ? [{ ...first, count: group.length }] : [];
      });
    },
    countRuns: () => {
      const runs = [...store.runs.values()];
      const aside = runs.filter(({ rest }) => rest.priority === 'aside' && rest.dueAt !== null);
      const open = runs.filter((run) => run.settledAt === null && !aside.includes(run));
      return { open: open.length, aside: aside.length };
    },
    setAside: (id) => {
      const run = store.runs.get(id);
      if (!run || run.rest.priority === 'aside' || run.rest.dueAt === null) return undefined;
      store.runs.set(id, { ...run, rest: unknown });
      return run.settledAt === null ? 'open' : 'settled';
    },
    review: async (known, latest) => {
      for (const [id, run] of store.runs) store.runs.set(id, reviewRun(run, known, latest));
    },
    readFeed: (after, limit) =>
      after < store.prunedTo || after > store.positions ? undefined : readKept(after, limit),
    readKept,
    readLast: () => store.positions,
    listPrunable: (settledBefore, upTo, limit) =>
      readOldestFirst()
        .filter(
          ({ settledAt, rest }) =>
            settledAt !== null && settledAt < settledBefore && rest.dueAt === null,
        )
        .filter(({ id }) => (readRun(store, id)?.position ?? 0) <= upTo)
        .slice(0, limit)
        .map(({ id }) => id),
    prune: (runs, carried) => {
      for (const run of runs) pruneRun(store, run);
      store.carried = carried;
    },
    readCarried: () => store.carried,
    readAge: () => store.age,
    keepAge: (age) => {
      store.age = age;
    },
    hasStandby: () => false,
    expectEnd: () => {
      store.wasTold = true;
    },
    hasRoom: () => true,
    rest: () => {
      store.isAtRest = true;
    },
    unseenTo,
    wasTold,
    close: () => {},
  };
}

const unknown: StoredRow['rest'] = {
  dueAt: endlessMs - 1,
  priority: 'aside',
  waits: [],
  at: 0,
};

const isDue = ({ priority, dueAt }: Rest, now: number): boolean =>
  priority !== 'aside' && dueAt !== null && dueAt <= now;

function isListed({ status, settledAt, rest }: StoredRow, wanted: ListQuery['status']): boolean {
  if (wanted === 'open') return settledAt === null;
  if (wanted === 'owing') return settledAt !== null && rest.dueAt !== null;
  return wanted === undefined || status === wanted;
}

function reviewRun(
  run: StoredRow,
  known: Parameters<Journal['review']>[0],
  latest: number,
): StoredRow {
  const { rest, settledAt } = run;
  if (rest.dueAt === null) return run;
  const isKnown = known.some(({ saga, version }) => saga === run.saga && version === run.version);
  if (!isKnown) return { ...run, rest: unknown };
  const due = { ...rest, dueAt: 0 };
  if (rest.waits.some(({ kind }) => kind === 'permit'))
    return { ...run, rest: { ...due, waits: [] } };
  if (rest.priority === 'aside')
    return { ...run, rest: { ...due, priority: settledAt === null ? 'in-flight' : 'repair' } };
  const isLate = rest.dueAt > latest && rest.dueAt < endlessMs;
  return isLate && rest.waits.every(({ kind }) => kind === 'retry') ? { ...run, rest: due } : run;
}

function write(store: Stored, { run, events, summary, rest, submission }: Append): number {
  const number = store.runs.get(run)?.number ?? store.submissions.size + 1;
  store.runs.set(run, { ...summary, id: run, number, rest });
  if (submission) {
    store.submissions.set(run, { fingerprint: submission.fingerprint, prunedAs: null });
    store.secrets.set(run, submission.secrets);
  }
  if (summary.settledAt !== null) store.secrets.delete(run);
  const first = store.positions + 1;
  // Through JSON, as on disk: what JSON would change must not work in a test alone.
  const stored: readonly Event[] = JSON.parse(JSON.stringify(events));
  for (const event of stored) store.feed.push({ run, position: ++store.positions, event });
  return first;
}

function readRun(store: Stored, run: string): StoredRun | undefined {
  const entries = store.feed.filter((entry) => entry.run === run);
  const last = entries.at(-1);
  return (
    last && {
      events: entries.map(({ event }) => event),
      position: last.position,
      secrets: store.secrets.get(run) ?? {},
    }
  );
}

function pruneRun(store: Stored, run: string): void {
  const positions = store.feed.filter((entry) => entry.run === run).map(({ position }) => position);
  store.prunedTo = Math.max(store.prunedTo, ...positions);
  store.feed.splice(0, store.feed.length, ...store.feed.filter((entry) => entry.run !== run));
  const submission = store.submissions.get(run);
  if (submission)
    store.submissions.set(run, { ...submission, prunedAs: store.runs.get(run)?.status ?? null });
  store.runs.delete(run);
}
