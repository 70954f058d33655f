/**
 * The journal on one SQLite file. Not a scheduler: it stores what it is told and says when that is durable.
 *
 * 1. Nothing is acknowledged before the commit, and a commit is on disk (WAL, synchronous=FULL, read back at start).
 * 2. Appends that arrive together share one transaction, in order, and none of its statements can fail by constraint.
 * 3. Each transaction checks the epoch inside: an executor that lost its lock cannot write.
 * 4. Any failure stops the process, since after a failed flush later commits would seem to succeed; a full disk is waited for.
 * 5. Erased fields leave the write-ahead log, too, also where a killed process left them.
 */
import { resolve } from 'node:path';
import type { DatabaseSync, StatementResultingChanges } from 'node:sqlite';
import { FileCare, isFull, toPassing, toReason, transact } from '@baton/sqlite';
import type { Event } from '../core/event.ts';
import { endlessMs } from '../core/rest.ts';
import { createGuard, throwAgain } from '../embedded/bug.ts';
import {
  type Age,
  type Append,
  type Journal,
  type Notice,
  noticesMax,
  type ReadJournal,
} from './journal.ts';
import { openJournalFile, openJournalReader, toPlace } from './journal-file.ts';
import { type JournalLock, type LockOptions, takeLock } from './journal-lock.ts';
import { JournalReader, ranks, type Sql } from './journal-reader.ts';
import { WriteQueue } from './write-queue.ts';

export interface OpenOptions extends LockOptions {
  /** The journal's file; its locks stand beside it. */
  readonly path: string;
  /** Called once, when the journal can no longer be trusted. Default: says why and ends the process with status 70. */
  readonly onFatal?: (error: unknown) => void;
  /** Called after each commit, with the appends and notices that shared it, and how long it took. */
  readonly onCommit?: (commit: { readonly writes: number; readonly ms: number }) => void;
  /** Called when the disk is found to be full, and when it has room again. */
  readonly onRoom?: (hasRoom: boolean) => void;
}

/** Takes the lock, then the journal. Throws a JournalError that names the file and the way out. */
export async function openJournal(options: OpenOptions): Promise<Journal> {
  const path = resolve(options.path);
  const lock = await takeLock(path, options);
  let database: DatabaseSync | undefined;
  try {
    database = openJournalFile(path);
    return new SqliteJournal(database, lock, options);
  } catch (error) {
    database?.close();
    lock.release();
    throw toPassing(toPlace(path), error) ?? error;
  }
}

/** Opens a journal to look at, and changes nothing. Throws a JournalError when it cannot be read. */
export function openReader(path: string): ReadJournal {
  return new JournalReader(openJournalReader(resolve(path)));
}

function endProcess(error: unknown): void {
  process.stderr.write(
    `the journal failed, so this process stops and is to be restarted: ${toReason(error)}\n`,
  );
  process.exit(70);
}

const asideRank = ranks.indexOf('aside');
/** A run is set aside since its definition is not known, or its events make no sense: another start may know better. */
const unknownMs = endlessMs - 1;
const headsMax = 1_000;
/** What hears of a commit cannot undo it. */
const guard = createGuard(throwAgain);

class SqliteJournal extends JournalReader implements Journal {
  readonly #lock: JournalLock;
  readonly #options: OpenOptions;
  readonly #epoch: number;
  readonly #care: FileCare;
  readonly #writes: WriteQueue;
  /** Numbers of the events' shared beginnings; 0 for a beginning that was seen once. */
  readonly #heads = new Map<string, number>();
  readonly unseenTo: number;
  readonly wasTold: boolean;
  #hasFailed = false;

  constructor(database: DatabaseSync, lock: JournalLock, options: OpenOptions) {
    super(database);
    this.#lock = lock;
    this.#options = options;
    // Every later append checks that no other executor was counted after this one.
    this.#run`UPDATE meta SET value = value + 1 WHERE name = 'epoch'`;
    this.#epoch = Number(this.readMeta('epoch'));
    if (this.#epoch > 1 && this.readMeta('rested') !== this.#epoch - 1)
      this.#setMeta('unseen-to', this.readLast());
    this.wasTold = this.readMeta('told') === this.#epoch - 1;
    this.unseenTo = Number(this.readMeta('unseen-to') ?? 0);
    const place = toPlace(resolve(options.path));
    this.#care = new FileCare(database, place, (error) => this.#fail(error));
    this.#care.wipeSoon();
    const onRoom = (hasRoom: boolean): void => guard(() => options.onRoom?.(hasRoom));
    this.#writes = new WriteQueue((work) => this.#store(work), onRoom);
  }

  append(entry: Append): Promise<number> {
    return this.#writes.add(() => this.#write(entry));
  }

  async addNotice(notice: Notice): Promise<void> {
    await this.#writes.add(() => {
      const { lastInsertRowid } = this.#run`
        INSERT INTO notices (notice) VALUES (${JSON.stringify(notice)})`;
      // Positions have no gaps, so that the newest ones are known by their number.
      this.#run`DELETE FROM notices WHERE position <= ${Number(lastInsertRowid) - noticesMax}`;
      return 0;
    });
  }

  prune(runs: readonly string[], carried: unknown): void {
    this.#transact(() => {
      const ids = JSON.stringify(runs);
      this.#run`INSERT INTO pruned SELECT id, fingerprint, status FROM runs
        WHERE id IN (SELECT value FROM json_each(${ids}))`;
      this.#run`UPDATE meta SET value = max(value, (SELECT coalesce(max(position), 0) FROM events
        WHERE run IN (SELECT value FROM json_each(${ids})))) WHERE name = 'pruned-to'`;
      this.#run`DELETE FROM entries WHERE run IN
        (SELECT number FROM runs WHERE id IN (SELECT value FROM json_each(${ids})))`;
      this.#run`DELETE FROM runs WHERE id IN (SELECT value FROM json_each(${ids}))`;
      this.#setMeta('carried', JSON.stringify(carried ?? null));
    });
  }

  keepAge(age: Age): void {
    this.#transact(() => this.#setMeta('age', JSON.stringify(age)));
  }

  setAside(run: string): ReturnType<Journal['setAside']> {
    const row = this.#transact(() => {
      this.#run`DELETE FROM waits WHERE run = ${run}`;
      return this.get<{ settledAt: number | null }>`
        UPDATE runs SET due_at = ${unknownMs}, priority = ${asideRank}
        WHERE id = ${run} AND place IN ('open', 'owing')
        RETURNING settled_at AS settledAt`;
    });
    return row && (row.settledAt === null ? 'open' : 'settled');
  }

  async review(known: Parameters<Journal['review']>[0], latest: number): Promise<void> {
    const names = JSON.stringify(known.map(({ saga, version }) => [saga, version]));
    await this.#writes.add(() => {
      this.#run`UPDATE runs SET due_at = 0, priority = iif(settled_at IS NULL, 1, 3)
        WHERE priority = ${asideRank} AND due_at >= ${unknownMs}
        AND (saga, version) IN (SELECT value ->> 0, value ->> 1 FROM json_each(${names}))`;
      const strange = this.all<{ saga: string; version: number }>`
        SELECT DISTINCT saga, version FROM run_counts WHERE place IN ('open', 'owing') AND count > 0
        AND (saga, version) NOT IN (SELECT value ->> 0, value ->> 1 FROM json_each(${names}))`;
      for (const { saga, version } of strange)
        this.#run`UPDATE runs SET due_at = ${unknownMs}, priority = ${asideRank}
          WHERE saga = ${saga} AND version = ${version} AND place IN ('open', 'owing')`;
      this.#run`UPDATE runs SET due_at = 0 WHERE id IN (SELECT run FROM waits
        WHERE kind = 'permit' AND participant IN (SELECT participant FROM wait_counts))`;
      this.#run`DELETE FROM waits
        WHERE kind = 'permit' AND participant IN (SELECT participant FROM wait_counts)`;
      this.#run`UPDATE runs SET due_at = 0
        WHERE priority IN (0, 1, 2, 3) AND due_at > ${latest} AND due_at < ${endlessMs}
        AND NOT EXISTS (SELECT 1 FROM waits WHERE run = id AND kind <> 'retry')`;
      return 0;
    });
  }

  expectEnd(): void {
    this.#transact(() => this.#setMeta('told', this.#epoch));
  }

  /** Of this executor, by its epoch: the next one finds an older one where this one crashed. */
  rest(): void {
    this.#transact(() => this.#setMeta('rested', this.#epoch));
  }

  hasStandby(): boolean {
    return this.#lock.isWanted();
  }

  hasRoom(): boolean {
    return this.#writes.hasRoom;
  }

  override close(): void {
    this.#writes.flush();
    this.#writes.stop();
    this.#care.stop();
    super.close();
    this.#lock.release();
  }

  #write({ run, events, summary, rest, submission }: Append): number {
    const { saga, version, status, acceptedAt, settledAt } = summary;
    const { dueAt, at, waits } = rest;
    const priority = ranks.indexOf(rest.priority);
    if (submission) {
      const { fingerprint, secrets } = submission;
      this.#run`
        INSERT OR IGNORE INTO runs (id, fingerprint, saga, version, accepted_at, status, due_at, priority)
        VALUES (${run}, ${fingerprint}, ${saga}, ${version}, ${acceptedAt}, ${status}, ${dueAt}, ${priority})`;
      if (Object.keys(secrets).length > 0)
        this.#run`
          INSERT OR REPLACE INTO secrets (run, fields) VALUES (${run}, ${JSON.stringify(secrets)})`;
    } else {
      // Most steps change none of these, and an update writes every index that names one of its columns.
      const { changes } = this.#run`
        UPDATE runs SET status = ${status}, settled_at = ${settledAt}, due_at = ${dueAt}, priority = ${priority}
        WHERE id = ${run} AND (status, settled_at, due_at, priority)
          IS NOT (${status}, ${settledAt}, ${dueAt}, ${priority})`;
      // A run that was due at once, and still is, had no waits.
      if (changes > 0 || dueAt !== 0) this.#run`DELETE FROM waits WHERE run = ${run}`;
    }
    for (const { participant, kind, rank } of waits)
      this.#run`INSERT OR IGNORE INTO waits (participant, kind, rank, since, run)
        VALUES (${participant}, ${kind}, ${rank}, ${at}, ${run})`;
    const positions = events.map((event) => this.#addEvent(run, event));
    if (settledAt !== null) this.#run`DELETE FROM secrets WHERE run = ${run}`;
    return Number(positions[0] ?? 0);
  }

  #addEvent(run: string, event: Event): number | bigint {
    const { startedAt, retryAt, until, note, reason, input, context, output, seq, at, ...alike } =
      event as Readonly<Record<string, unknown>>;
    const own = { startedAt, retryAt, until, note, reason, input, context, output, seq, at };
    const head = `${JSON.stringify(alike).slice(0, -1)},`;
    const tail = JSON.stringify(own).slice(1);
    const number = this.#findHead(head);
    return this.#run`INSERT INTO entries (position, run, head, tail) VALUES (
      (SELECT 1 + max(value, coalesce((SELECT max(position) FROM entries), 0)) FROM meta WHERE name = 'pruned-to'),
      (SELECT number FROM runs WHERE id = ${run}), ${number}, ${number ? tail : head + tail})`
      .lastInsertRowid;
  }

  /** Null for a beginning that was not seen before: a unique one is not worth sharing. */
  #findHead(head: string): number | null {
    const seen = this.#heads.get(head);
    if (seen) return seen;
    if (this.#heads.size >= headsMax) this.#heads.clear();
    if (seen === 0) this.#run`INSERT OR IGNORE INTO heads (text) VALUES (${head})`;
    const number = this.count`SELECT number AS count FROM heads WHERE text = ${head}`;
    this.#heads.set(head, number);
    return number || null;
  }

  #setMeta(name: string, value: string | number): void {
    this.#run`INSERT OR REPLACE INTO meta (name, value) VALUES (${name}, ${value})`;
  }

  #run(...[texts, ...values]: Sql): StatementResultingChanges {
    return this.prepare(texts).run(...values);
  }

  #store(work: () => number[]): number[] | undefined {
    const begunAt = performance.now();
    const positions = this.#transact(work);
    const ms = performance.now() - begunAt;
    if (positions) guard(() => this.#options.onCommit?.({ writes: positions.length, ms }));
    return positions;
  }

  /** Undefined where the disk is full, and once anything failed: nobody is told that something was stored. */
  #transact<T>(work: () => T): T | undefined {
    if (this.#hasFailed) return undefined;
    try {
      const result = transact(this.database, () => {
        if (this.readMeta('epoch') !== this.#epoch)
          throw new Error('another process took the journal over');
        return work();
      });
      this.#care.wipeSoon();
      return result;
    } catch (error) {
      this.#heads.clear();
      if (isFull(error)) this.#writes.waitForRoom();
      else this.#fail(error);
      return undefined;
    }
  }

  #fail(error: unknown): void {
    this.#hasFailed = true;
    this.#care.stop();
    (this.#options.onFatal ?? endProcess)(error);
  }
}
