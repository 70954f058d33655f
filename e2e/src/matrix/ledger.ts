/** The participants' own tables: which effects stand, and how often each key was done and undone. */
import type { DatabaseSync } from 'node:sqlite';
import type { EffectTable } from '../programs.ts';

/** In the participant's own file and transaction, so that a crash loses none and a rollback counts none. */
export function recordMoves({ effects, undoes }: EffectTable, db: DatabaseSync): void {
  const record = (change: string, row: string, what: string) =>
    db.exec(`CREATE TRIGGER IF NOT EXISTS record_${what} AFTER ${change} ON ${effects}
      BEGIN INSERT INTO moves VALUES (${row}.key, '${what}'); END`);
  db.exec('CREATE TABLE IF NOT EXISTS moves (key TEXT NOT NULL, what TEXT NOT NULL) STRICT');
  record('INSERT', 'new', 'effect');
  if (undoes) record(undoes, 'old', 'undo');
}

export interface Entry {
  readonly key: string;
  /** Zero where no effect stands. */
  readonly size: number;
  readonly effects: number;
  readonly undos: number;
}
/** By order. */
export type Ledger = ReadonlyMap<string, readonly Entry[]>;

const read = (standing: string) => `
  SELECT key, coalesce(size, 0) AS size, sum(what = 'effect') AS effects, sum(what = 'undo') AS undos
  FROM moves LEFT JOIN (${standing}) USING (key) GROUP BY key`;

export function readLedger({ standing }: EffectTable, db: DatabaseSync): Ledger {
  const rows = db.prepare(read(standing)).all();
  const entries = rows.map(({ key, size, effects, undos }) => ({
    key: String(key),
    size: Number(size),
    effects: Number(effects),
    undos: Number(undos),
  }));
  return Map.groupBy(entries, ({ key }) => key.split(':')[0] ?? '');
}

/** Stock that is held without a reservation, or the other way round. */
export function findStockFault(db: DatabaseSync): number {
  const sum = (sql: string) => Number(db.prepare(sql).get()?.n);
  return (
    sum('SELECT coalesce(sum(held), 0) AS n FROM products') -
    sum('SELECT coalesce(sum(quantity), 0) AS n FROM reserved_lines')
  );
}
