/**
 * The journal on one SQLite file. Not a scheduler: it stores what it is told and says when that is durable.
 *
 * 1. Nothing is acknowledged before the commit, and a commit is on disk (WAL, synchronous=FULL, read back at start).
 * 2. Appends that arrive together share one transaction, in order, and none of its statements can fail by constraint.
 * 3. Each transaction checks the epoch inside: an executor that lost its lock cannot write.
 * 4. Any failure stops the process: after a failed flush, later commits would seem to succeed.
 * 5. What was erased leaves the write-ahead log too, also what a killed process left there.
 */
import { resolve } from 'node:path';
import type { DatabaseSync, StatementResultingChanges } from 'node:sqlite';
import { FileCare, toPassing, toReason, transact } from '@baton/sqlite';
import { endlessMs, type Priority, priorities, type Rest, type Wait } from '../core/rest.ts';
import {
  type Append,
  type Journal,
  type Notice,
  noticesMax,
  type ReadJournal,
  type WaitCount,
} from './journal.ts';
import { openJournalFile, openJournalReader, toPlace } from './journal-file.ts';
import { type JournalLock, type LockOptions, takeLock } from './journal-lock.ts';
import { JournalReader, type Sql } from './journal-reader.ts';

export interface OpenOptions extends LockOptions {
  /** The journal's file; its locks stand beside it. */
  readonly path: string;
  /** Called once, when the journal can no longer be trusted. Default: says why and ends the process with status 70. */
  readonly onFatal?: (error: unknown) => void;
  /** Called after each commit, with the appends and notices that shared it, and how long it took. */
  readonly onCommit?: (commit: { readonly writes: number; readonly ms: number }) => void;
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

/** As the column `priority` counts them. */
const ranks: readonly Rest['priority'][] = [...priorities, 'aside'];
const asideRank = ranks.indexOf('aside');
/** Set aside since its definition is not known, or its events make no sense: another start may know better. */
const unknownMs = endlessMs - 1;
/** Counting ends here: it must stay cheap when there is most to count. */
const countMax = 10_000;

/** Written with others of its batch; told after their commit. */
interface Pending {
  readonly write: () => number;
  readonly resolve: (position: number) => void;
}

class SqliteJournal extends JournalReader implements Journal {
  readonly #lock: JournalLock;
  readonly #options: OpenOptions;
  readonly #epoch: number;
  readonly #care: FileCare;
  readonly unseenTo: number;
  #batch: Pending[] = [];
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
    this.unseenTo = Number(this.readMeta('unseen-to') ?? 0);
    const place = toPlace(resolve(options.path));
    this.#care = new FileCare(database, place, (error) => this.#fail(error));
    this.#care.wipeSoon();
  }

  append(entry: Append): Promise<number> {
    return this.#enqueue(() => this.#write(entry));
  }

  async addNotice(notice: Notice): Promise<void> {
    await this.#enqueue(() => {
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
      this.#run`UPDATE submissions SET pruned_as = (SELECT status FROM runs WHERE id = run)
        WHERE run IN (SELECT value FROM json_each(${ids}))`;
      this.#run`UPDATE meta SET value = max(value, (SELECT coalesce(max(position), 0) FROM events
        WHERE run IN (SELECT value FROM json_each(${ids})))) WHERE name = 'pruned-to'`;
      this.#run`DELETE FROM events WHERE run IN (SELECT value FROM json_each(${ids}))`;
      this.#run`DELETE FROM runs WHERE id IN (SELECT value FROM json_each(${ids}))`;
      this.#setMeta('carried', JSON.stringify(carried ?? null));
    });
  }

  listDue(priority: Priority, now: number, limit: number): string[] {
    return this
      .ids`SELECT id FROM runs WHERE priority = ${ranks.indexOf(priority)} AND due_at <= ${now}
      ORDER BY due_at, number LIMIT ${limit}`;
  }

  countDue(now: number): number {
    return this.#count`SELECT count(*) AS count FROM
      (SELECT 1 FROM runs WHERE priority IN (0, 1, 2, 3) AND due_at <= ${now} LIMIT ${countMax})`;
  }

  nextDueAt(now: number): number {
    return this.#count`SELECT coalesce(min(due_at), ${endlessMs}) AS count FROM
      (SELECT (SELECT due_at FROM runs WHERE priority = value AND due_at > ${now}
        ORDER BY due_at LIMIT 1) AS due_at FROM json_each('[0, 1, 2, 3]'))`;
  }

  listWaiting(
    participant: string,
    kind: Wait['kind'],
    sinceBefore: number,
    limit: number,
  ): string[] {
    return this.ids`SELECT run AS id FROM waits
      WHERE participant = ${participant} AND kind = ${kind} AND since < ${sinceBefore}
      ORDER BY rank, since, run LIMIT ${limit}`;
  }

  countWaits(): WaitCount[] {
    return this.all`SELECT participant, kind, count FROM wait_counts WHERE count > 0`;
  }

  countRuns(): ReturnType<Journal['countRuns']> {
    const count = (place: string): number =>
      this.#count`SELECT sum(count) AS count FROM run_counts WHERE place = ${place}`;
    return { open: count('open'), aside: count('aside') };
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

  review(known: Parameters<Journal['review']>[0], latest: number): void {
    const names = JSON.stringify(known.map(({ saga, version }) => [saga, version]));
    this.#transact(() => {
      this.#run`UPDATE runs SET due_at = 0, priority = iif(settled_at IS NULL, 1, 3)
        WHERE priority = ${asideRank} AND due_at = ${unknownMs}
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
    });
  }

  /** Of this executor, by its epoch: the next one finds an older one where this one crashed. */
  rest(): void {
    this.#transact(() => this.#setMeta('rested', this.#epoch));
  }

  hasStandby(): boolean {
    return this.#lock.isWanted();
  }

  override close(): void {
    this.#flush();
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
        INSERT OR IGNORE INTO runs (id, saga, version, accepted_at, status, due_at, priority)
        VALUES (${run}, ${saga}, ${version}, ${acceptedAt}, ${status}, ${dueAt}, ${priority})`;
      this.#run`
        INSERT OR IGNORE INTO submissions (run, fingerprint) VALUES (${run}, ${fingerprint})`;
      if (Object.keys(secrets).length > 0)
        this.#run`
          INSERT OR REPLACE INTO secrets (run, fields) VALUES (${run}, ${JSON.stringify(secrets)})`;
    } else {
      // Most steps change none of these, and an update writes every index that names one of its columns.
      const { changes } = this.#run`
        UPDATE runs SET status = ${status}, settled_at = ${settledAt}, due_at = ${dueAt}, priority = ${priority}
        WHERE id = ${run} AND (status, settled_at, due_at, priority)
          IS NOT (${status}, ${settledAt}, ${dueAt}, ${priority})`;
      // What was due at once, and still is, had none.
      if (changes > 0 || dueAt !== 0) this.#run`DELETE FROM waits WHERE run = ${run}`;
    }
    for (const { participant, kind, rank } of waits)
      this.#run`INSERT OR IGNORE INTO waits (participant, kind, rank, since, run)
        VALUES (${participant}, ${kind}, ${rank}, ${at}, ${run})`;
    const positions = events.map(
      (event) =>
        this.#run`INSERT INTO events (run, seq, event)
          VALUES (${run}, ${event.seq}, ${JSON.stringify(event)})`.lastInsertRowid,
    );
    if (settledAt !== null) this.#run`DELETE FROM secrets WHERE run = ${run}`;
    return Number(positions[0] ?? 0);
  }

  #setMeta(name: string, value: string | number): void {
    this.#run`INSERT OR REPLACE INTO meta (name, value) VALUES (${name}, ${value})`;
  }

  #count(...sql: Sql): number {
    return this.get<{ count: number }>(...sql)?.count ?? 0;
  }

  #run(...[texts, ...values]: Sql): StatementResultingChanges {
    return this.prepare(texts).run(...values);
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
        if (this.readMeta('epoch') !== this.#epoch)
          throw new Error('another process took the journal over');
        return work();
      });
      this.#care.wipeSoon();
      return result;
    } catch (error) {
      this.#fail(error);
      return undefined;
    }
  }

  #fail(error: unknown): void {
    this.#hasFailed = true;
    this.#care.stop();
    (this.#options.onFatal ?? endProcess)(error);
  }
}
