// What is asked of the journal's file, in SQL, and what its rows say.
//
// 1. A statement that adds can fail by no constraint: a batch is written whole or not at all.
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { readCell, readNumber, readText } from '@baton/sqlite';
import type { Event } from '../core/event.ts';
import { endlessMs, priorities, type Rest } from '../core/rest.ts';
import { type Status, statuses } from '../core/status.ts';
import {
  type Append,
  type ListQuery,
  type Notice,
  noticesMax,
  type RunSummary,
  type StoredEvent,
} from './journal.ts';

/** As the column `priority` counts them. */
export const toRank = (priority: Rest['priority']): number =>
  priority === 'aside' ? asideAt : priorities.indexOf(priority);
const asideAt = priorities.length;
/** Set aside since its definition is not known, or its events make no sense: another start may know better. */
const unknownMs = endlessMs - 1;
/** Counting ends here: it must stay cheap when there is most to count. */
export const countMax = 10_000;

/** Lists differ in what they show and from which end: a statement each, made when it is first asked for. */
export function createListing(database: DatabaseSync): (query: ListQuery) => Row[] {
  const statements = new Map<string, StatementSync>();
  return ({ status, limit, before = Number.MAX_SAFE_INTEGER, oldestFirst }) => {
    const sql = `SELECT * FROM runs WHERE ${toCondition(status)} AND number < ? ORDER BY number ${oldestFirst ? '' : 'DESC'} LIMIT ?`;
    const statement = statements.get(sql) ?? database.prepare(sql);
    statements.set(sql, statement);
    return statement.all(before, limit);
  };
}

/** A status is one of a few words of ours, never text from outside. */
function toCondition(status: ListQuery['status']): string {
  if (status === undefined) return 'TRUE';
  if (status === 'open') return 'settled_at IS NULL';
  if (status === 'owing') return 'settled_at IS NOT NULL AND due_at IS NOT NULL';
  return `status = '${statuses.find((known) => known === status) ?? ''}'`;
}

/** Of any journal that can be looked at. */
const reads = {
  readMeta: 'SELECT value FROM meta WHERE name = ?',
  readNotices: 'SELECT notice FROM notices ORDER BY position DESC LIMIT ?',
  readEvents: 'SELECT position, event FROM events WHERE run = ? ORDER BY seq',
  readSecrets: 'SELECT fields FROM secrets WHERE run = ?',
  readSubmission: 'SELECT fingerprint, pruned_as FROM submissions WHERE run = ?',
  readDueAt: 'SELECT due_at FROM runs WHERE id = ?',
  readFeed: 'SELECT position, run, event FROM events WHERE position > ? ORDER BY position LIMIT ?',
  readLast: "SELECT coalesce(max(seq), 0) AS last FROM sqlite_sequence WHERE name = 'events'",
  listPrunable:
    'SELECT id FROM runs WHERE settled_at < ? AND due_at IS NULL ORDER BY settled_at LIMIT ?',
} as const;

/** For the one that moves the runs. */
const writes = {
  setMeta: 'INSERT OR REPLACE INTO meta (name, value) VALUES (?, ?)',
  addEvent: 'INSERT INTO events (run, seq, event) VALUES (?, ?, ?)',
  addRun:
    'INSERT OR IGNORE INTO runs (id, saga, version, accepted_at, status, due_at, priority) VALUES (?, ?, ?, ?, ?, ?, ?)',
  // Most steps change none of these, and an update writes every index that names one of its columns.
  updateRun: `UPDATE runs SET status = ?1, settled_at = ?2, due_at = ?3, priority = ?4
    WHERE id = ?5 AND (status, settled_at, due_at, priority) IS NOT (?1, ?2, ?3, ?4)`,
  addWait:
    'INSERT OR REPLACE INTO waits (participant, kind, rank, since, run) VALUES (?, ?, ?, ?, ?)',
  clearWaits: 'DELETE FROM waits WHERE run = ?',
  addSubmission: 'INSERT OR IGNORE INTO submissions (run, fingerprint) VALUES (?, ?)',
  addSecrets: 'INSERT OR REPLACE INTO secrets (run, fields) VALUES (?, ?)',
  eraseSecrets: 'DELETE FROM secrets WHERE run = ?',
  addNotice: 'INSERT INTO notices (notice) VALUES (?)',
  dropNotices: 'DELETE FROM notices WHERE position <= ?',
  listDue: 'SELECT id FROM runs WHERE priority = ? AND due_at <= ? ORDER BY due_at, number LIMIT ?',
  countDue:
    'SELECT count(*) AS count FROM (SELECT 1 FROM runs WHERE priority = ? AND due_at <= ? LIMIT ?)',
  nextDueAt: 'SELECT due_at FROM runs WHERE priority = ? AND due_at > ? ORDER BY due_at LIMIT 1',
  listWaiting:
    'SELECT run AS id FROM waits WHERE participant = ? AND kind = ? AND since < ? ORDER BY rank, since, run LIMIT ?',
  countWaits: 'SELECT participant, kind, count(*) AS count FROM waits GROUP BY participant, kind',
  countRuns: `SELECT (SELECT count(*) FROM runs WHERE settled_at IS NULL) - (SELECT count(*) FROM runs WHERE priority = ${asideAt} AND settled_at IS NULL) AS open,
        (SELECT count(*) FROM runs WHERE priority = ${asideAt} AND due_at IS NOT NULL) AS aside`,
  setAside: `UPDATE runs SET due_at = ${unknownMs}, priority = ${asideAt} WHERE id = ? AND priority < ${asideAt} AND due_at IS NOT NULL RETURNING settled_at`,
  listDefinitions: 'SELECT DISTINCT saga, version FROM runs WHERE due_at IS NOT NULL',
  setDefinitionAside: `UPDATE runs SET due_at = ${unknownMs}, priority = ${asideAt} WHERE saga = ? AND version = ? AND due_at IS NOT NULL AND priority < ${asideAt}`,
  takeUpDefinition: `UPDATE runs SET due_at = 0, priority = iif(settled_at IS NULL, 1, 3) WHERE priority = ${asideAt} AND due_at = ${unknownMs} AND saga = ? AND version = ?`,
  dismissLines:
    "UPDATE runs SET due_at = 0 WHERE id IN (SELECT run FROM waits WHERE kind = 'permit')",
  clearLines: "DELETE FROM waits WHERE kind = 'permit'",
  hastenAll: `UPDATE runs SET due_at = 0 WHERE priority IN (${priorities.map(toRank)}) AND due_at > ? AND due_at < ${endlessMs} AND NOT EXISTS (SELECT 1 FROM waits WHERE run = id AND kind <> 'retry')`,
  markPruned:
    'UPDATE submissions SET pruned_as = (SELECT status FROM runs WHERE id = run) WHERE run = ?',
  prunedTo:
    "UPDATE meta SET value = max(value, (SELECT max(position) FROM events WHERE run = ?)) WHERE name = 'pruned-to'",
  pruneEvents: 'DELETE FROM events WHERE run = ?',
  pruneRun: 'DELETE FROM runs WHERE id = ?',
} as const;

type Prepared<T> = Readonly<Record<keyof T, StatementSync>>;
export type Reads = Prepared<typeof reads>;
export type Writes = Prepared<typeof writes>;

export const prepareReads = (database: DatabaseSync): Reads => prepare(database, reads);
export const prepareWrites = (database: DatabaseSync): Writes => prepare(database, writes);

const prepare = <T extends Readonly<Record<string, string>>>(database: DatabaseSync, sql: T) =>
  Object.fromEntries(
    Object.entries(sql).map(([name, text]) => [name, database.prepare(text)]),
  ) as Prepared<T>; // the named boundary: `fromEntries` forgets the names

export function writeEntry(
  statements: Writes,
  { run, events, summary, rest, submission }: Append,
): number {
  const { saga, version, status, acceptedAt, settledAt } = summary;
  const { dueAt, at, clearsWaits, waits } = rest;
  const priority = toRank(rest.priority);
  if (submission) {
    statements.addRun.run(run, saga, version, acceptedAt, status, dueAt, priority);
    statements.addSubmission.run(run, submission.fingerprint);
    if (Object.keys(submission.secrets).length > 0)
      statements.addSecrets.run(run, JSON.stringify(submission.secrets));
  } else statements.updateRun.run(status, settledAt, dueAt, priority, run);
  if (clearsWaits) statements.clearWaits.run(run);
  for (const { participant, kind, rank } of waits)
    statements.addWait.run(participant, kind, rank, at, run);
  const positions = events.map((event) =>
    Number(statements.addEvent.run(run, event.seq, JSON.stringify(event)).lastInsertRowid),
  );
  if (settledAt !== null) statements.eraseSecrets.run(run);
  return positions[0] ?? 0;
}

/** Positions have no gaps, so that the newest ones are known by their number. */
export function writeNotice(statements: Writes, notice: Notice): void {
  const { lastInsertRowid } = statements.addNotice.run(JSON.stringify(notice));
  statements.dropNotices.run(Number(lastInsertRowid) - noticesMax);
}

export function pruneRun(statements: Writes, run: string): void {
  statements.markPruned.run(run);
  statements.prunedTo.run(run);
  statements.pruneEvents.run(run);
  statements.pruneRun.run(run);
}

type Row = Record<string, unknown>;

export const readId = (row: Row): string => readText(row, 'id');

/** The named boundary where stored text becomes an event again: this file wrote it, `evolve` checks the sequence. */
export const readEvent = (row: Row): Event => JSON.parse(readText(row, 'event')) as Event;

export const readStoredEvent = (row: Row): StoredEvent => ({
  run: readText(row, 'run'),
  position: readNumber(row, 'position'),
  event: readEvent(row),
});

export const readNotice = (row: Row): Notice => JSON.parse(readText(row, 'notice')) as Notice;

export const readSummary = (row: Row): RunSummary => ({
  id: readId(row),
  number: readNumber(row, 'number'),
  saga: readText(row, 'saga'),
  version: readNumber(row, 'version'),
  status: readCell<Status>(row, 'status'),
  acceptedAt: readNumber(row, 'accepted_at'),
  settledAt: readCell<number | null>(row, 'settled_at'),
});
