/**
 * The fence: one row per key, which decides whether an effect may still happen.
 *
 * It is not a cache. A row is data, and it is never pruned: a forward request may arrive long after
 * its undo, and only the row can refuse it.
 *
 * 1. Look-up, effect and row are part of one transaction under one write lock; the caller is answered after the commit.
 * 2. The row is read before the body is judged: a replay never fails for new rules.
 * 3. After an undo (or a tombstone, an undo that came first) the effect never happens.
 * 4. An effect that refuses writes nothing but its refusal; an effect that throws writes nothing at all.
 *
 * | row now             | forward arrives          | undo arrives      |
 * | none                | do it, DONE or REFUSED   | TOMBSTONE         |
 * | DONE                | replay                   | undo it, UNDONE   |
 * | REFUSED             | replay                   | nothing to undo   |
 * | UNDONE or TOMBSTONE | fenced                   | nothing to undo   |
 */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { toCanonicalJson } from './json.ts';
import type { Memory, Sql } from './memory.ts';

const schema = `
  CREATE TABLE IF NOT EXISTS fence (
    key TEXT PRIMARY KEY,
    state TEXT NOT NULL CHECK (state IN ('DONE', 'REFUSED', 'UNDONE', 'TOMBSTONE')),
    forward_hash TEXT,
    undo_hash TEXT,
    reply TEXT,
    at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID`;

const StoredReply = z.object({
  status: z.int(),
  headers: z.record(z.string(), z.string()),
  body: z.unknown(),
});
export type StoredReply = z.infer<typeof StoredReply>;

const Row = z.object({
  state: z.enum(['DONE', 'REFUSED', 'UNDONE', 'TOMBSTONE']),
  forward_hash: z.string().nullable(),
  undo_hash: z.string().nullable(),
  reply: z.string().nullable(),
});
type Row = z.infer<typeof Row>;

/** An effect's verdict. Only `done` keeps the effect's writes; `rejected` leaves no row. */
export type Verdict<R extends StoredReply = StoredReply> =
  | { readonly verdict: 'done'; readonly reply: R }
  | { readonly verdict: 'refused'; readonly reply: R }
  | { readonly verdict: 'rejected'; readonly reply: R };
/** Undone, or rejected with nothing written. */
export type UndoVerdict<R extends StoredReply = StoredReply> =
  | { readonly verdict: 'undone' }
  | { readonly verdict: 'rejected'; readonly reply: R };

export type ForwardOutcome =
  | { readonly outcome: 'reply'; readonly reply: StoredReply; readonly replayed: boolean }
  | { readonly outcome: 'fenced' }
  | { readonly outcome: 'key-reused' };
export type UndoOutcome =
  | { readonly outcome: 'undone'; readonly replayed: boolean }
  | { readonly outcome: 'rejected'; readonly reply: StoredReply }
  | { readonly outcome: 'key-reused' };

export interface Fence {
  readonly forward: (key: string, body: unknown, effect: () => Verdict) => Promise<ForwardOutcome>;
  /** `effect` hears whether there is anything to undo; it checks the body either way. */
  readonly undo: (
    key: string,
    body: unknown,
    effect: (exists: boolean) => UndoVerdict,
  ) => Promise<UndoOutcome>;
}

const toHash = (body: unknown): string =>
  createHash('sha256').update(toCanonicalJson(body)).digest('base64');

function createRows(db: Sql, now: () => number) {
  const find = db.prepare('SELECT state, forward_hash, undo_hash, reply FROM fence WHERE key = ?');
  const insert = db.prepare('INSERT INTO fence VALUES (?, ?, ?, ?, ?, ?)');
  const mark = db.prepare('UPDATE fence SET state = ?, undo_hash = ?, at = ? WHERE key = ?');
  return {
    find: (key: string): Row | undefined => {
      const row = find.get(key);
      return row === undefined ? undefined : Row.parse(row);
    },
    insertForward: (key: string, state: 'DONE' | 'REFUSED', hash: string, reply: StoredReply) =>
      insert.run(key, state, hash, null, JSON.stringify(reply), now()),
    insertTombstone: (key: string, hash: string) =>
      insert.run(key, 'TOMBSTONE', null, hash, null, now()),
    mark: (key: string, state: Row['state'], undoHash: string) =>
      mark.run(state, undoHash, now(), key),
  };
}
type Rows = ReturnType<typeof createRows>;

/** A verdict that keeps nothing takes back what the effect wrote before. */
const isKept = ({ verdict }: Verdict | UndoVerdict): boolean =>
  verdict === 'done' || verdict === 'undone';

function replay(row: Row, hash: string): ForwardOutcome {
  switch (row.state) {
    case 'UNDONE':
    case 'TOMBSTONE':
      return { outcome: 'fenced' };
    case 'DONE':
    case 'REFUSED':
      if (row.forward_hash !== hash) return { outcome: 'key-reused' };
      return {
        outcome: 'reply',
        reply: StoredReply.parse(JSON.parse(row.reply ?? '')),
        replayed: true,
      };
    default:
      return row.state satisfies never;
  }
}

function storeVerdict(
  rows: Rows,
  { key, hash }: { readonly key: string; readonly hash: string },
  verdict: Verdict,
): ForwardOutcome {
  if (verdict.verdict !== 'rejected') {
    const state = verdict.verdict === 'done' ? 'DONE' : 'REFUSED';
    rows.insertForward(key, state, hash, verdict.reply);
  }
  return { outcome: 'reply', reply: verdict.reply, replayed: false };
}

function storeUndo(
  rows: Rows,
  row: Row | undefined,
  { key, hash }: { readonly key: string; readonly hash: string },
): void {
  if (row === undefined) rows.insertTombstone(key, hash);
  else rows.mark(key, row.state === 'DONE' ? 'UNDONE' : row.state, hash);
}

export function createFence(store: Memory, now: () => number = Date.now): Fence {
  store.db.exec(schema);
  const rows = createRows(store.db, now);
  return {
    forward: (key, body, effect) =>
      store.transact((): ForwardOutcome => {
        const hash = toHash(body);
        const row = rows.find(key);
        if (row !== undefined) return replay(row, hash);
        return storeVerdict(rows, { key, hash }, store.runPart(effect, isKept));
      }),
    undo: (key, body, effect) =>
      store.transact((): UndoOutcome => {
        const hash = toHash(body);
        const row = rows.find(key);
        if (row?.undo_hash) {
          return row.undo_hash === hash
            ? { outcome: 'undone', replayed: true }
            : { outcome: 'key-reused' };
        }
        const verdict = store.runPart(() => effect(row?.state === 'DONE'), isKept);
        if (verdict.verdict === 'rejected') return { outcome: 'rejected', reply: verdict.reply };
        storeUndo(rows, row, { key, hash });
        return { outcome: 'undone', replayed: false };
      }),
  };
}
