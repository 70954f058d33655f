/** Participants in memory, emptied and used again: opening them takes longer than playing most stories. */
import type { Store } from '@baton/service-kit';
import { openServices, type Services } from './services.ts';

export interface BorrowedServices {
  readonly services: Services;
  /** Not called after a failure: then the services are dropped. */
  giveBack(): void;
}

interface Kept {
  readonly services: Services;
  readonly refill: readonly (() => void)[];
  /** The borrower's. */
  readonly clock: { now: () => number };
}

const kept: Kept[] = [];

export function borrowServices(now: () => number): BorrowedServices {
  const lent = kept.pop() ?? openKept();
  lent.clock.now = now;
  const giveBack = (): void => {
    for (const refill of lent.refill) refill();
    kept.push(lent);
  };
  return { services: lent.services, giveBack };
}

function openKept(): Kept {
  const clock = { now: () => 0 };
  const services = openServices(null, () => clock.now());
  const refill = Object.values(services).map(({ store }) => keepContents(store));
  return { services, refill, clock };
}

/** Returns how to restore every table, down to the next number of a row. */
function keepContents({ db }: Store): () => void {
  const tables = db
    .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name <> 'meta'")
    .all()
    .map(({ name }) => String(name));
  for (const name of tables) db.exec(`CREATE TEMP TABLE first_${name} AS SELECT * FROM ${name}`);
  const refilling = tables.map(
    (name) => `DELETE FROM ${name}; INSERT INTO ${name} SELECT * FROM temp.first_${name};`,
  );
  const sql = `BEGIN IMMEDIATE; PRAGMA defer_foreign_keys = ON; ${refilling.join(' ')} COMMIT;`;
  return () => db.exec(sql);
}
