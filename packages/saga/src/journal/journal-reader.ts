// What can be asked of a journal's file, also while another process writes it.
import type { DatabaseSync } from 'node:sqlite';
import { readCell, readNumber, readText } from '@baton/sqlite';
import type { Status } from '../core/status.ts';
import type {
  ListQuery,
  Notice,
  ReadJournal,
  RunSummary,
  StoredEvent,
  StoredRun,
  StoredSubmission,
} from './journal.ts';
import {
  createListing,
  prepareReads,
  type Reads,
  readEvent,
  readId,
  readNotice,
  readStoredEvent,
  readSummary,
} from './journal-statements.ts';

export class JournalReader implements ReadJournal {
  protected readonly database: DatabaseSync;
  protected readonly reads: Reads;
  readonly #listing: ReturnType<typeof createListing>;

  constructor(database: DatabaseSync) {
    this.database = database;
    this.reads = prepareReads(database);
    this.#listing = createListing(database);
  }

  read(run: string): StoredRun | undefined {
    const rows = this.reads.readEvents.all(run);
    if (rows.length === 0) return undefined;
    const secrets = this.reads.readSecrets.get(run);
    return {
      events: rows.map(readEvent),
      position: readNumber(rows.at(-1), 'position'),
      dueAt: readCell<number | null>(this.reads.readDueAt.get(run), 'due_at'),
      secrets: secrets ? JSON.parse(readText(secrets, 'fields')) : {},
    };
  }

  readSubmission(run: string): StoredSubmission | undefined {
    const row = this.reads.readSubmission.get(run);
    const prunedAs = row && readCell<Status | null>(row, 'pruned_as');
    return row && { fingerprint: readText(row, 'fingerprint'), prunedAs: prunedAs ?? null };
  }

  list(query: ListQuery): RunSummary[] {
    return this.#listing(query).map(readSummary);
  }

  readNotices(limit: number): Notice[] {
    return this.reads.readNotices.all(limit).map(readNotice);
  }

  readFeed(after: number, limit: number): StoredEvent[] | undefined {
    const prunedTo = readNumber(this.reads.readMeta.get('pruned-to'), 'value');
    return after < prunedTo || after > this.readLast() ? undefined : this.readKept(after, limit);
  }

  readLast(): number {
    return readNumber(this.reads.readLast.get(), 'last');
  }

  readKept(after: number, limit: number): StoredEvent[] {
    return this.reads.readFeed.all(after, limit).map(readStoredEvent);
  }

  listPrunable(settledBefore: number, limit: number): string[] {
    return this.reads.listPrunable.all(settledBefore, limit).map(readId);
  }

  readCarried(): unknown {
    const row = this.reads.readMeta.get('carried');
    return row && JSON.parse(readText(row, 'value'));
  }

  close(): void {
    if (this.database.isOpen) this.database.close();
  }
}
