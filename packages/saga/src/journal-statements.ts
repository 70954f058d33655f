// What is asked of the journal's file, in SQL, and what its rows say.
//
// 1. A statement that adds can fail by no constraint: a batch is written whole or not at all.
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Event } from './event.ts';
import {
  type Append,
  type ListQuery,
  type Notice,
  noticesMax,
  type RunSummary,
  type Status,
  type StoredEvent,
} from './journal.ts';
import { readCell, readNumber, readText } from './sqlite-file.ts';

export type Statements = ReturnType<typeof prepareStatements>;

/** By the index of the repairs, so that the first ones cost the same however many there are. */
const owing =
  'SELECT * FROM runs WHERE repair_at IS NOT NULL AND +number < ? ORDER BY repair_at, number LIMIT ?';

export function prepareStatements(database: DatabaseSync) {
  const prepare = (sql: string): StatementSync => database.prepare(sql);
  return {
    begin: prepare('BEGIN IMMEDIATE'),
    commit: prepare('COMMIT'),
    readEpoch: prepare("SELECT value FROM meta WHERE name = 'epoch'"),
    rest: prepare("INSERT OR REPLACE INTO meta (name, value) VALUES ('rested', ?)"),
    readRest: prepare("SELECT value FROM meta WHERE name = 'rested'"),
    addEvent: prepare('INSERT INTO events (run, seq, event) VALUES (?, ?, ?)'),
    addRun: prepare(
      'INSERT OR IGNORE INTO runs (id, saga, version, accepted_at, status) VALUES (?, ?, ?, ?, ?)',
    ),
    updateRun: prepare('UPDATE runs SET status = ?, settled_at = ?, repair_at = ? WHERE id = ?'),
    addSubmission: prepare('INSERT OR IGNORE INTO submissions (run, fingerprint) VALUES (?, ?)'),
    addSecrets: prepare('INSERT OR REPLACE INTO secrets (run, fields) VALUES (?, ?)'),
    eraseSecrets: prepare('DELETE FROM secrets WHERE run = ?'),
    addNotice: prepare('INSERT INTO notices (notice) VALUES (?)'),
    dropNotices: prepare('DELETE FROM notices WHERE position <= ?'),
    readNotices: prepare('SELECT notice FROM notices ORDER BY position DESC LIMIT ?'),
    readEvents: prepare('SELECT event FROM events WHERE run = ? ORDER BY seq'),
    readSecrets: prepare('SELECT fields FROM secrets WHERE run = ?'),
    readSubmission: prepare('SELECT fingerprint, pruned_as FROM submissions WHERE run = ?'),
    listAll: prepareListing(database, 'number < ?'),
    listOpen: prepareListing(database, 'settled_at IS NULL AND number < ?'),
    listByStatus: prepareListing(database, 'number < ? AND status = ?'),
    listOwing: prepare(owing),
    listOpenIds: prepare('SELECT id FROM runs WHERE settled_at IS NULL ORDER BY number'),
    listRepairs: prepare(
      'SELECT * FROM runs WHERE repair_at <= ? AND (repair_at, number) > (?, ?) ORDER BY repair_at, number LIMIT ?',
    ),
    readFeed: prepare(
      'SELECT position, run, event FROM events WHERE position > ? ORDER BY position LIMIT ?',
    ),
    readLast: prepare(
      "SELECT coalesce(max(seq), 0) AS last FROM sqlite_sequence WHERE name = 'events'",
    ),
    readPrunedTo: prepare("SELECT value FROM meta WHERE name = 'pruned-to'"),
    listPrunable: prepare(
      'SELECT id FROM runs WHERE settled_at < ? AND repair_at IS NULL ORDER BY settled_at LIMIT ?',
    ),
    markPruned: prepare(
      'UPDATE submissions SET pruned_as = (SELECT status FROM runs WHERE id = run) WHERE run = ?',
    ),
    prunedTo: prepare(
      "UPDATE meta SET value = max(value, (SELECT max(position) FROM events WHERE run = ?)) WHERE name = 'pruned-to'",
    ),
    pruneEvents: prepare('DELETE FROM events WHERE run = ?'),
    pruneRun: prepare('DELETE FROM runs WHERE id = ?'),
    carry: prepare("INSERT OR REPLACE INTO meta (name, value) VALUES ('carried', ?)"),
    readCarried: prepare("SELECT value FROM meta WHERE name = 'carried'"),
  };
}

function prepareListing(database: DatabaseSync, where: string) {
  const prepare = (direction: 'ASC' | 'DESC'): StatementSync =>
    database.prepare(`SELECT * FROM runs WHERE ${where} ORDER BY number ${direction} LIMIT ?`);
  return { newestFirst: prepare('DESC'), oldestFirst: prepare('ASC') };
}

export function listRuns(statements: Statements, query: ListQuery): RunSummary[] {
  const { status, limit, before = Number.MAX_SAFE_INTEGER } = query;
  const order = query.oldestFirst ? 'oldestFirst' : 'newestFirst';
  const readRows = () => {
    switch (status) {
      case undefined:
        return statements.listAll[order].all(before, limit);
      case 'open':
        return statements.listOpen[order].all(before, limit);
      case 'owing':
        return statements.listOwing.all(before, limit);
      default:
        return statements.listByStatus[order].all(before, status, limit);
    }
  };
  return readRows().map(readSummary);
}

export function writeEntry(
  statements: Statements,
  { run, events, summary, submission }: Append,
): number {
  if (submission) {
    statements.addRun.run(run, summary.saga, summary.version, summary.acceptedAt, summary.status);
    statements.addSubmission.run(run, submission.fingerprint);
    if (Object.keys(submission.secrets).length > 0)
      statements.addSecrets.run(run, JSON.stringify(submission.secrets));
  }
  const positions = events.map((event) =>
    Number(statements.addEvent.run(run, event.seq, JSON.stringify(event)).lastInsertRowid),
  );
  statements.updateRun.run(summary.status, summary.settledAt, summary.repairAt, run);
  if (summary.settledAt !== null) statements.eraseSecrets.run(run);
  return positions[0] ?? 0;
}

/** Positions have no gaps, so that the newest ones are known by their number. */
export function writeNotice(statements: Statements, notice: Notice): void {
  const { lastInsertRowid } = statements.addNotice.run(JSON.stringify(notice));
  statements.dropNotices.run(Number(lastInsertRowid) - noticesMax);
}

export function pruneRun(statements: Statements, run: string): void {
  statements.markPruned.run(run);
  statements.prunedTo.run(run);
  statements.pruneEvents.run(run);
  statements.pruneRun.run(run);
}

type Row = Record<string, unknown>;

export const readId = (row: Row): string => readText(row, 'id');

/** The named boundary where stored text becomes an event again: this file wrote it, `evolve` checks the sequence. */
export const readEvent = (row: Row): Event => JSON.parse(readText(row, 'event')) as Event;

export const readFeedEvent = (row: Row): StoredEvent => ({
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
  repairAt: readCell<number | null>(row, 'repair_at'),
});
