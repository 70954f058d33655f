import type { Event } from '../event.ts';
import {
  type Append,
  firstRepairPlace,
  type Journal,
  type ListQuery,
  type Notice,
  noticesMax,
  type RepairPlace,
  type RunSummary,
  type StoredEvent,
  type StoredRun,
  type StoredSubmission,
} from '../journal.ts';

interface Stored {
  readonly feed: StoredEvent[];
  /** The newest first. */
  readonly notices: Notice[];
  readonly runs: Map<string, RunSummary>;
  readonly secrets: Map<string, Readonly<Record<string, unknown>>>;
  readonly submissions: Map<string, StoredSubmission>;
  carried: unknown;
  isAtRest: boolean;
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
  isAtRest: false,
  prunedTo: 0,
  positions: 0,
});

/** A journal without a disk, for tests of sagas. It forgets everything with its process. */
export function createMemoryJournal(store: Stored = createMemoryStore()): Journal {
  const newestFirst = (): RunSummary[] =>
    [...store.runs.values()].sort((a, b) => b.number - a.number);
  const oldestFirst = (): RunSummary[] => newestFirst().reverse();
  const wasAtRest = store.isAtRest;
  store.isAtRest = false;
  const ids = (runs: readonly RunSummary[]): string[] => runs.map(({ id }) => id);
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
    list: ({ status, limit, before = Number.MAX_SAFE_INTEGER, oldestFirst: isReversed }) => {
      const runs = (isReversed ? oldestFirst() : newestFirst()).filter(
        (run) => run.number < before && isListed(run, status),
      );
      return (status === 'owing' ? runs.sort(byRepair) : runs).slice(0, limit);
    },
    listOpen: () => ids(oldestFirst().filter((run) => run.settledAt === null)),
    listRepairs: (dueBy, limit, after = firstRepairPlace) =>
      oldestFirst()
        .flatMap((run) => (run.repairAt === null ? [] : { ...run, repairAt: run.repairAt }))
        .filter(({ repairAt }) => repairAt <= dueBy)
        .sort(byPlace)
        .filter((run) => byPlace(after, run) < 0)
        .slice(0, limit),
    readFeed: (after, limit) =>
      after < store.prunedTo || after > store.positions ? undefined : readKept(after, limit),
    readKept,
    readLast: () => store.positions,
    listPrunable: (settledBefore, limit) =>
      ids(
        oldestFirst()
          .filter(
            (run) =>
              run.settledAt !== null && run.settledAt < settledBefore && run.repairAt === null,
          )
          .slice(0, limit),
      ),
    prune: (runs, carried) => {
      for (const run of runs) pruneRun(store, run);
      store.carried = carried;
    },
    readCarried: () => store.carried,
    hasStandby: () => false,
    rest: () => {
      store.isAtRest = true;
    },
    wasAtRest: () => wasAtRest,
    close: () => {},
  };
}

function isListed(run: RunSummary, status: ListQuery['status']): boolean {
  if (status === 'open') return run.settledAt === null;
  if (status === 'owing') return run.repairAt !== null;
  return status === undefined || run.status === status;
}

const byRepair = (a: RunSummary, b: RunSummary): number =>
  (a.repairAt ?? 0) - (b.repairAt ?? 0) || a.number - b.number;

const byPlace = (a: RepairPlace, b: RepairPlace): number =>
  a.repairAt - b.repairAt || a.number - b.number;

function write(store: Stored, { run, events, summary, submission }: Append): number {
  const number = store.runs.get(run)?.number ?? store.submissions.size + 1;
  store.runs.set(run, { ...summary, id: run, number });
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
  const events = store.feed.filter((entry) => entry.run === run).map(({ event }) => event);
  return events.length === 0 ? undefined : { events, secrets: store.secrets.get(run) ?? {} };
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
