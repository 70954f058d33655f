// What the journal's file holds, version by version. Not how a file is opened or kept: that is @baton/sqlite.
//
// 1. A version that was released is never changed: what is new is one more of them.
import type { DatabaseSync } from 'node:sqlite';
import { type DurableFile, openFile, openForReading, readVersion } from '@baton/sqlite';

export const toPlace = (path: string) => ({ path, noun: 'journal' });

const runs = `
  CREATE TABLE meta (name TEXT PRIMARY KEY, value ANY) STRICT, WITHOUT ROWID;
  CREATE TABLE runs (
    number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, saga TEXT NOT NULL, version INTEGER NOT NULL,
    status TEXT NOT NULL, accepted_at INTEGER NOT NULL, settled_at INTEGER, repair_at INTEGER
  ) STRICT;
  CREATE INDEX runs_open ON runs (number) WHERE settled_at IS NULL;
  CREATE INDEX runs_repair ON runs (repair_at) WHERE repair_at IS NOT NULL;
  CREATE INDEX runs_settled ON runs (settled_at) WHERE settled_at IS NOT NULL;
  CREATE INDEX runs_status ON runs (status, number);
  CREATE TABLE events (position INTEGER PRIMARY KEY AUTOINCREMENT, run TEXT NOT NULL, seq INTEGER NOT NULL, event TEXT NOT NULL) STRICT;
  CREATE INDEX events_run ON events (run, seq);
  CREATE TABLE submissions (run TEXT PRIMARY KEY, fingerprint TEXT NOT NULL, pruned_as TEXT) STRICT, WITHOUT ROWID;
  CREATE TABLE secrets (run TEXT PRIMARY KEY, fields TEXT NOT NULL) STRICT, WITHOUT ROWID;
  INSERT INTO meta (name, value) VALUES ('epoch', 0), ('pruned-to', 0);
`;
/** Version 1 had none. */
const notices =
  'CREATE TABLE notices (position INTEGER PRIMARY KEY AUTOINCREMENT, notice TEXT NOT NULL) STRICT;';

/**
 * Version 2 kept all runs that had not ended in memory. What those wait for is found out anew: all are due, except for
 * those in quarantine, whose last event says so. In its status, one of those is no different from a stuck one.
 */
const rows = `
  DROP INDEX runs_repair;
  ALTER TABLE runs ADD COLUMN due_at INTEGER;
  ALTER TABLE runs ADD COLUMN priority INTEGER NOT NULL DEFAULT 2;
  UPDATE runs SET due_at = iif(settled_at IS NULL OR repair_at IS NOT NULL, 0, NULL),
    priority = CASE status WHEN 'accepted' THEN 2 WHEN 'running' THEN 1 WHEN 'completed' THEN 3 ELSE 0 END;
  UPDATE runs SET due_at = 8640000000000000, priority = 4 WHERE due_at IS NOT NULL AND
    (SELECT event FROM events WHERE run = id ORDER BY seq DESC LIMIT 1) LIKE '{"type":"quarantined",%';
  ALTER TABLE runs DROP COLUMN repair_at;
  CREATE INDEX runs_due ON runs (priority, due_at) WHERE due_at IS NOT NULL;
  CREATE INDEX runs_owing ON runs (number) WHERE settled_at IS NOT NULL AND due_at IS NOT NULL;
  CREATE TABLE waits (
    participant TEXT NOT NULL, kind TEXT NOT NULL, rank INTEGER NOT NULL, since INTEGER NOT NULL, run TEXT NOT NULL,
    PRIMARY KEY (participant, kind, rank, since, run)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX waits_run ON waits (run);
`;

export const migrations = [runs, notices, rows] as const;

const toJournalFile = (path: string): DurableFile => ({
  ...toPlace(path),
  applicationId: 0x42544e31,
  migrations,
  busyMs: 5_000,
});

export function openJournalFile(path: string): DatabaseSync {
  return openFile(toJournalFile(path));
}

/** Opens a journal that is there, to look at: its own process may go on writing. */
export function openJournalReader(path: string): DatabaseSync {
  const database = openForReading(toJournalFile(path));
  // What an older engine wrote is read as it is, with nothing where it had nothing.
  const version = readVersion(database);
  if (version === 1) database.exec(notices.replace('CREATE TABLE', 'CREATE TEMP TABLE'));
  if (version < migrations.length)
    database.exec(
      'CREATE TEMP VIEW runs AS SELECT *, repair_at AS due_at, 0 AS priority FROM main.runs',
    );
  return database;
}
