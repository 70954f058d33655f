/** What a Durable Object gives, as far as the store asks for it. */
import { DatabaseSync } from 'node:sqlite';
import type { Row } from '../../memory.ts';
import type { ObjectStorage } from '../../object-store.ts';

export function createStorage(): ObjectStorage {
  const database = new DatabaseSync(':memory:');
  return {
    sql: {
      exec: (query, ...bindings) => {
        const rows = database.prepare(query).all(...(bindings as string[])) as Row[];
        return { toArray: () => rows };
      },
    },
    transactionSync: (work) => work(),
  };
}
