// The journal on one SQLite file. Not a scheduler: it stores what it is told and says when that is durable.
//
// 1. Nothing is acknowledged before the commit, and a commit is on disk (WAL, synchronous=FULL, read back at start).
// 2. Appends that arrive together share one transaction, in order, and none of its statements can fail by constraint.
// 3. Each transaction checks the epoch inside: an executor that lost its lock cannot write.
// 4. Any failure stops the process: after a failed flush, later commits would seem to succeed.
// 5. What was erased leaves the write-ahead log too, also what a killed process left there.
import { resolve } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import {
  FileError,
  isLockedElsewhere,
  LogWiper,
  readCell,
  readNumber,
  readText,
  releaseLock,
  toPassing,
  toReason,
  transact,
  tryLock,
} from '@baton/sqlite';
import { endlessMs, type Priority, priorities, type Wait } from '../core/rest.ts';
import type { Append, Journal, Notice, ReadJournal, WaitCount } from './journal.ts';
import { openJournalFile, openJournalReader, takeEpoch, toPlace } from './journal-file.ts';
import { JournalReader } from './journal-reader.ts';
import {
  countMax,
  prepareWrites,
  pruneRun,
  readId,
  toRank,
  type Writes,
  writeEntry,
  writeNotice,
} from './journal-statements.ts';

export interface OpenOptions {
  /** The journal's file; its locks stand beside it. */
  readonly path: string;
  /** Wait for the lock, as a hot standby, instead of refusing when another process holds it. */
  readonly standby?: boolean;
  readonly pollMs?: number;
  /** Ends the wait of a standby. */
  readonly signal?: AbortSignal;
  /** Called once, when the journal can no longer be trusted. Default: says why and ends the process with status 70. */
  readonly onFatal?: (error: unknown) => void;
  /** Called after each commit, with the appends and notices that shared it, and how long it took. */
  readonly onCommit?: (commit: { readonly writes: number; readonly ms: number }) => void;
  /** Called each time that a standby looks and finds the lock held. */
  readonly onHeld?: () => void;
}

/** Takes the lock, then the journal. Throws a JournalError that names the file and the way out. */
export async function openJournal(options: OpenOptions): Promise<Journal> {
  const path = resolve(options.path);
  const lock = toLockPath(path, 'journal');
  if (options.standby) await standBy(path, options);
  else if (!tryLock(lock)) {
    throw new FileError(
      'held',
      `The journal ${path} is in use by another process: stop that one, or start this one with STANDBY=true to wait for it.`,
    );
  }
  let database: DatabaseSync | undefined;
  try {
    database = openJournalFile(path);
    return new SqliteJournal(database, { ...options, path });
  } catch (error) {
    database?.close();
    releaseLock(lock);
    throw toPassing(toPlace(path), error) ?? error;
  }
}

const toLockPath = (path: string, name: string): string => path.replace(/[^/]*$/, `${name}.lock`);

/** Within `pollMs` of the holder's end the lock is ours. The first in line holds another one, so that the active sees it wait. */
async function standBy(path: string, options: OpenOptions): Promise<void> {
  const standby = toLockPath(path, 'standby');
  try {
    while (!tryLock(toLockPath(path, 'journal'))) {
      options.onHeld?.();
      options.signal?.throwIfAborted();
      tryLock(standby);
      await new Promise((ring) => setTimeout(ring, options.pollMs ?? 100));
    }
  } finally {
    releaseLock(standby);
  }
}

function endProcess(error: unknown): void {
  process.stderr.write(
    `the journal failed, so this process stops and is to be restarted: ${toReason(error)}\n`,
  );
  process.exit(70);
}

/** Opens a journal to look at, and changes nothing. Throws a JournalError when it cannot be read. */
export function openReader(path: string): ReadJournal {
  return new JournalReader(openJournalReader(resolve(path)));
}

/** Written with others of its batch; told after their commit. */
interface Pending {
  readonly write: () => number;
  readonly resolve: (position: number) => void;
}

class SqliteJournal extends JournalReader implements Journal {
  readonly #options: OpenOptions;
  readonly #epoch: number;
  readonly #writes: Writes;
  readonly #wiper: LogWiper;
  readonly unseenTo: number;
  #batch: Pending[] = [];
  #hasFailed = false;

  constructor(database: DatabaseSync, options: OpenOptions) {
    super(database);
    this.#options = options;
    this.#writes = prepareWrites(database);
    this.#epoch = takeEpoch(database);
    this.unseenTo = this.#noteUnseen();
    this.#wiper = new LogWiper(database, (error) => this.#fail(error));
    this.#wiper.wipeSoon();
  }

  #noteUnseen(): number {
    const read = (name: string): number =>
      readCell<number | undefined>(this.reads.readMeta.get(name), 'value') ?? 0;
    if (this.#epoch > 1 && read('rested') !== this.#epoch - 1)
      this.#writes.setMeta.run('unseen-to', this.readLast());
    return read('unseen-to');
  }

  append(entry: Append): Promise<number> {
    return this.#enqueue(() => writeEntry(this.#writes, entry));
  }

  async addNotice(notice: Notice): Promise<void> {
    await this.#enqueue(() => {
      writeNotice(this.#writes, notice);
      return 0;
    });
  }

  prune(runs: readonly string[], carried: unknown): void {
    const value = JSON.stringify(carried ?? null);
    this.#transact(() => {
      for (const run of runs) pruneRun(this.#writes, run);
      this.#writes.setMeta.run('carried', value);
    });
  }

  listDue(priority: Priority, now: number, limit: number): string[] {
    return this.#writes.listDue.all(toRank(priority), now, limit).map(readId);
  }

  countDue(now: number): number {
    const counts = priorities.map((priority) =>
      readNumber(this.#writes.countDue.get(toRank(priority), now, countMax), 'count'),
    );
    return counts.reduce((sum, count) => sum + count, 0);
  }

  nextDueAt(now: number): number {
    const rows = priorities.map((priority) => this.#writes.nextDueAt.get(toRank(priority), now));
    return Math.min(endlessMs, ...rows.flatMap((row) => (row ? [readNumber(row, 'due_at')] : [])));
  }

  listWaiting(
    participant: string,
    kind: Wait['kind'],
    sinceBefore: number,
    limit: number,
  ): string[] {
    return this.#writes.listWaiting.all(participant, kind, sinceBefore, limit).map(readId);
  }

  countWaits(): WaitCount[] {
    return this.#writes.countWaits.all().map((row) => ({
      participant: readText(row, 'participant'),
      kind: readCell<Wait['kind']>(row, 'kind'),
      count: readNumber(row, 'count'),
    }));
  }

  countRuns(): ReturnType<Journal['countRuns']> {
    const row = this.#writes.countRuns.get();
    return { open: readNumber(row, 'open'), aside: readNumber(row, 'aside') };
  }

  setAside(run: string): ReturnType<Journal['setAside']> {
    const row = this.#transact(() => {
      this.#writes.clearWaits.run(run);
      return this.#writes.setAside.get(run);
    });
    return row && (row.settled_at === null ? 'open' : 'settled');
  }

  review(known: Parameters<Journal['review']>[0], latest: number): void {
    const {
      listDefinitions,
      setDefinitionAside,
      takeUpDefinition,
      dismissLines,
      clearLines,
      hastenAll,
    } = this.#writes;
    this.#transact(() => {
      for (const { saga, version } of known) takeUpDefinition.run(saga, version);
      for (const row of listDefinitions.all()) {
        const [saga, version] = [readText(row, 'saga'), readNumber(row, 'version')];
        if (!known.some((named) => named.saga === saga && named.version === version))
          setDefinitionAside.run(saga, version);
      }
      dismissLines.run();
      clearLines.run();
      hastenAll.run(latest);
    });
  }

  /** Of this executor, by its epoch: the next one finds an older one where this one crashed. */
  rest(): void {
    this.#transact(() => this.#writes.setMeta.run('rested', this.#epoch));
  }

  hasStandby(): boolean {
    return isLockedElsewhere(toLockPath(this.#options.path, 'standby'));
  }

  override close(): void {
    this.#flush();
    this.#wiper.stop();
    if (this.database.isOpen) this.database.close();
    releaseLock(toLockPath(this.#options.path, 'journal'));
  }

  #enqueue(write: () => number): Promise<number> {
    return new Promise((resolve) => {
      if (this.#batch.push({ write, resolve }) === 1) setImmediate(() => this.#flush());
    });
  }

  #flush(): void {
    if (this.#batch.length === 0) return;
    const batch = this.#batch;
    this.#batch = [];
    const begunAt = performance.now();
    const positions = this.#transact(() => batch.map(({ write }) => write()));
    if (!positions) return;
    for (const [index, position] of positions.entries()) batch[index]?.resolve(position);
    this.#options.onCommit?.({ writes: batch.length, ms: performance.now() - begunAt });
  }

  /** Undefined once anything failed: nobody is told that something was stored. */
  #transact<T>(work: () => T): T | undefined {
    if (this.#hasFailed) return undefined;
    try {
      const result = transact(this.database, () => {
        const epoch = readNumber(this.reads.readMeta.get('epoch'), 'value');
        if (epoch !== this.#epoch) throw new Error('another process took the journal over');
        return work();
      });
      this.#wiper.wipeSoon();
      return result;
    } catch (error) {
      this.#fail(error);
      return undefined;
    }
  }

  #fail(error: unknown): void {
    this.#hasFailed = true;
    this.#wiper.stop();
    (this.#options.onFatal ?? endProcess)(error);
  }
}
