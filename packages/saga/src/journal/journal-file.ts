/**
 * The journal's tables, version by version. Not how a file is opened or kept: that is @baton/sqlite.
 *
 * 1. A version that was released is never changed: a change is a new version.
 */
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
 * Version 2 kept all runs that had not ended in memory. What these wait for is found out anew: all are due, except for
 * runs in quarantine, whose last event says so: by its status, a quarantined run is no different from a stuck one.
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

/** How many runs and waits there are of each kind, so that a start need not count them. Triggers keep that in step. */
const counts = `
  ALTER TABLE runs ADD COLUMN place TEXT AS (
    CASE WHEN due_at IS NULL THEN 'done' WHEN priority = 4 THEN 'aside' WHEN settled_at IS NULL THEN 'open' ELSE 'owing' END
  );
  CREATE TABLE run_counts (
    saga TEXT NOT NULL, version INTEGER NOT NULL, place TEXT NOT NULL, count INTEGER NOT NULL, PRIMARY KEY (saga, version, place)
  ) STRICT, WITHOUT ROWID;
  INSERT INTO run_counts SELECT saga, version, place, count(*) FROM runs GROUP BY saga, version, place;
  CREATE TRIGGER run_added AFTER INSERT ON runs BEGIN
    INSERT INTO run_counts VALUES (new.saga, new.version, new.place, 1) ON CONFLICT DO UPDATE SET count = count + 1;
  END;
  CREATE TRIGGER run_moved AFTER UPDATE ON runs WHEN old.place <> new.place BEGIN
    INSERT INTO run_counts VALUES (new.saga, new.version, new.place, 1) ON CONFLICT DO UPDATE SET count = count + 1;
    UPDATE run_counts SET count = count - 1 WHERE (saga, version, place) = (old.saga, old.version, old.place);
  END;
  CREATE TRIGGER run_removed AFTER DELETE ON runs BEGIN
    UPDATE run_counts SET count = count - 1 WHERE (saga, version, place) = (old.saga, old.version, old.place);
  END;
  CREATE TABLE wait_counts (
    participant TEXT NOT NULL, kind TEXT NOT NULL, count INTEGER NOT NULL, PRIMARY KEY (participant, kind)
  ) STRICT, WITHOUT ROWID;
  INSERT INTO wait_counts SELECT participant, kind, count(*) FROM waits GROUP BY participant, kind;
  CREATE TRIGGER wait_added AFTER INSERT ON waits BEGIN
    INSERT INTO wait_counts VALUES (new.participant, new.kind, 1) ON CONFLICT DO UPDATE SET count = count + 1;
  END;
  CREATE TRIGGER wait_removed AFTER DELETE ON waits BEGIN
    UPDATE wait_counts SET count = count - 1 WHERE (participant, kind) = (old.participant, old.kind);
  END;
`;

/** What events share is stored once, and a run's id and fingerprint in its row alone. Views show both as before. */
const compact = `
  ALTER TABLE runs ADD COLUMN fingerprint TEXT NOT NULL DEFAULT '';
  UPDATE runs SET fingerprint = submissions.fingerprint FROM submissions WHERE run = id;
  DELETE FROM submissions WHERE pruned_as IS NULL;
  ALTER TABLE submissions RENAME TO pruned;
  CREATE VIEW submissions AS SELECT id AS run, fingerprint, NULL AS pruned_as FROM runs UNION ALL SELECT * FROM pruned;
  CREATE TABLE heads (number INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE) STRICT;
  CREATE TABLE entries (position INTEGER PRIMARY KEY, run INTEGER NOT NULL, head INTEGER, tail TEXT NOT NULL) STRICT;
  INSERT INTO entries SELECT position, number, NULL, event FROM events JOIN runs ON id = run ORDER BY position;
  DROP TABLE events;
  CREATE INDEX entries_run ON entries (run);
  CREATE VIEW events AS SELECT position, id AS run, coalesce(text, '') || tail AS event
    FROM entries JOIN runs ON runs.number = run LEFT JOIN heads ON heads.number = head;
`;

export const migrations = [runs, notices, rows, counts, compact] as const;

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
  // An older engine's rows are read as they are, with nothing where they had nothing.
  const version = readVersion(database);
  if (version === 1) database.exec(notices.replace('CREATE TABLE', 'CREATE TEMP TABLE'));
  if (version < 3)
    database.exec(
      'CREATE TEMP VIEW runs AS SELECT *, repair_at AS due_at, 0 AS priority FROM main.runs',
    );
  return database;
}
