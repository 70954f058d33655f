/** Reads a journal's file, also while another process writes it. */
import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import type { Event } from '../core/event.ts';
import { endlessMs, type Priority, priorities, type Rest, type Wait } from '../core/rest.ts';
import { statuses } from '../core/status.ts';
import type {
  Age,
  Journal,
  ListQuery,
  Notice,
  ReadJournal,
  RunSummary,
  StoredEvent,
  StoredRun,
  StoredSubmission,
  WaitCount,
} from './journal.ts';

/** As the column `priority` counts them. */
export const ranks: readonly Rest['priority'][] = [...priorities, 'aside'];
/** Counting ends here: it must stay cheap when there is most to count. */
const countMax = 10_000;

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
      SELECT position, event FROM events WHERE run = ${run} ORDER BY position`;
    const last = events.at(-1);
    if (!last) return undefined;
    const secrets = this.get<{ fields: string }>`SELECT fields FROM secrets WHERE run = ${run}`;
    return {
      events: events.map(({ event }) => readEvent(event)),
      position: last.position,
      secrets: JSON.parse(secrets?.fields ?? '{}'),
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
    return this
      .count`SELECT max(value, coalesce((SELECT position FROM events ORDER BY position DESC LIMIT 1), 0)) AS count
      FROM meta WHERE name = 'pruned-to'`;
  }

  /** Of a bounded number of runs that are old by the clock, the runs that are old by their position. */
  listPrunable(settledBefore: number, upTo: number, limit: number): string[] {
    const old = this.all<{ id: string; position: number }>`SELECT id,
      (SELECT max(position) FROM events WHERE run = id) AS position
      FROM runs WHERE settled_at < ${settledBefore} AND due_at IS NULL
      ORDER BY settled_at LIMIT ${10 * limit}`;
    const ids = old.flatMap(({ id, position }) => (position <= upTo ? [id] : []));
    return ids.slice(0, limit);
  }

  readAge(): Age | undefined {
    return JSON.parse(String(this.readMeta('age') ?? null)) ?? undefined;
  }

  readCarried(): unknown {
    return JSON.parse(String(this.readMeta('carried') ?? null)) ?? undefined;
  }

  listDue(priority: Priority, now: number, limit: number): string[] {
    return this
      .ids`SELECT id FROM runs WHERE priority = ${ranks.indexOf(priority)} AND due_at <= ${now}
      ORDER BY due_at, number LIMIT ${limit}`;
  }

  countDue(now: number): number {
    return this.count`SELECT count(*) AS count FROM
      (SELECT 1 FROM runs WHERE priority IN (0, 1, 2, 3) AND due_at <= ${now} LIMIT ${countMax})`;
  }

  nextDueAt(now: number): number {
    return this.count`SELECT coalesce(min(due_at), ${endlessMs}) AS count FROM
      (SELECT (SELECT due_at FROM runs WHERE priority = value AND due_at > ${now}
        ORDER BY due_at LIMIT 1) AS due_at FROM json_each('[0, 1, 2, 3]'))`;
  }

  listWaiting(participant: string, kind: Wait['kind'], before: number, limit: number): string[] {
    return this.ids`SELECT run AS id FROM waits
      WHERE participant = ${participant} AND kind = ${kind} AND since < ${before}
      ORDER BY rank, since, run LIMIT ${limit}`;
  }

  countWaits(): WaitCount[] {
    return this.all`SELECT participant, kind, count FROM wait_counts WHERE count > 0`;
  }

  countRuns(): ReturnType<Journal['countRuns']> {
    const count = (place: string): number =>
      this.count`SELECT sum(count) AS count FROM run_counts WHERE place = ${place}`;
    return { open: count('open'), aside: count('aside') };
  }

  close(): void {
    if (this.database.isOpen) this.database.close();
  }

  protected readMeta(name: string): unknown {
    return this.get<{ value: unknown }>`SELECT value FROM meta WHERE name = ${name}`?.value;
  }

  protected count(...sql: Sql): number {
    return this.get<{ count: number }>(...sql)?.count ?? 0;
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

  /** Once for each place in the code. */
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
