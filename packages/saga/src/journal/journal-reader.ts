/** What can be asked of a journal's file, also while another process writes it. */
import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import type { Event } from '../core/event.ts';
import { statuses } from '../core/status.ts';
import type {
  ListQuery,
  Notice,
  ReadJournal,
  RunSummary,
  StoredEvent,
  StoredRun,
  StoredSubmission,
} from './journal.ts';

/** A template: its values are bound, never pasted into the text. */
export type Sql = [texts: TemplateStringsArray, ...values: SQLInputValue[]];

export class JournalReader implements ReadJournal {
  protected readonly database: DatabaseSync;
  readonly #statements = new Map<TemplateStringsArray, StatementSync>();

  constructor(database: DatabaseSync) {
    this.database = database;
  }

  read(run: string): StoredRun | undefined {
    const events = this.all<{ position: number; event: string }>`
      SELECT position, event FROM events WHERE run = ${run} ORDER BY seq`;
    const last = events.at(-1);
    if (!last) return undefined;
    const row = this.get<{ dueAt: number | null; fields: string | null }>`
      SELECT due_at AS dueAt, fields FROM runs LEFT JOIN secrets ON run = id WHERE id = ${run}`;
    return {
      events: events.map(({ event }) => readEvent(event)),
      position: last.position,
      dueAt: row?.dueAt ?? null,
      secrets: JSON.parse(row?.fields ?? '{}'),
    };
  }

  readSubmission(run: string): StoredSubmission | undefined {
    return this.get`SELECT fingerprint, pruned_as AS prunedAs FROM submissions WHERE run = ${run}`;
  }

  list({ status, limit, before = Number.MAX_SAFE_INTEGER, oldestFirst }: ListQuery): RunSummary[] {
    const sql = `SELECT number, id, saga, version, status, accepted_at AS acceptedAt, settled_at AS settledAt
      FROM runs WHERE ${toCondition(status)} AND number < ? ORDER BY number ${oldestFirst ? '' : 'DESC'} LIMIT ?`;
    return toRows(this.database.prepare(sql).all(before, limit));
  }

  readNotices(limit: number): Notice[] {
    const rows = this.all<{ notice: string }>`
      SELECT notice FROM notices ORDER BY position DESC LIMIT ${limit}`;
    return rows.map(({ notice }) => JSON.parse(notice));
  }

  readFeed(after: number, limit: number): StoredEvent[] | undefined {
    const isWhole = after >= Number(this.readMeta('pruned-to')) && after <= this.readLast();
    return isWhole ? this.readKept(after, limit) : undefined;
  }

  readKept(after: number, limit: number): StoredEvent[] {
    const rows = this.all<{ run: string; position: number; event: string }>`
      SELECT run, position, event FROM events WHERE position > ${after} ORDER BY position LIMIT ${limit}`;
    return rows.map((row) => ({ ...row, event: readEvent(row.event) }));
  }

  readLast(): number {
    return (
      this.get<{ seq: number }>`SELECT seq FROM sqlite_sequence WHERE name = 'events'`?.seq ?? 0
    );
  }

  listPrunable(settledBefore: number, limit: number): string[] {
    return this.ids`SELECT id FROM runs WHERE settled_at < ${settledBefore} AND due_at IS NULL
      ORDER BY settled_at LIMIT ${limit}`;
  }

  readCarried(): unknown {
    const carried = this.readMeta('carried');
    return carried && JSON.parse(String(carried));
  }

  close(): void {
    if (this.database.isOpen) this.database.close();
  }

  protected readMeta(name: string): unknown {
    return this.get<{ value: unknown }>`SELECT value FROM meta WHERE name = ${name}`?.value;
  }

  protected ids(...sql: Sql): string[] {
    return this.all<{ id: string }>(...sql).map(({ id }) => id);
  }

  protected all<T>(...[texts, ...values]: Sql): T[] {
    return toRows(this.prepare(texts).all(...values));
  }

  protected get<T>(...[texts, ...values]: Sql): T | undefined {
    return toRows<T | undefined>([this.prepare(texts).get(...values)])[0];
  }

  /** Once for each place in the code. Values are bound, never pasted into the text. */
  protected prepare(texts: TemplateStringsArray): StatementSync {
    const statement = this.#statements.get(texts) ?? this.database.prepare(texts.join('?'));
    this.#statements.set(texts, statement);
    return statement;
  }
}

/** The named boundary for rows: the schema fixes what their columns hold. */
const toRows = <T>(rows: readonly unknown[]): T[] => rows as T[];

/** The named boundary where stored text becomes an event again: the journal wrote it, `evolve` checks the sequence. */
const readEvent = (text: string): Event => JSON.parse(text) as Event;

/** A status is one of a few words of ours, never text from outside. */
function toCondition(status: ListQuery['status']): string {
  if (status === undefined) return 'TRUE';
  if (status === 'open') return 'settled_at IS NULL';
  if (status === 'owing') return 'settled_at IS NOT NULL AND due_at IS NOT NULL';
  return `status = '${statuses.find((known) => known === status) ?? ''}'`;
}
