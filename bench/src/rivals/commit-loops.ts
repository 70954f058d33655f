/** The textbook loop made durable by hand: it commits a row after each step, and reads none. */
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type Open, steps } from './contestant.ts';
import { importRival, readRivalVersion } from './installed-rivals.ts';
import { startPostgres } from './postgres.ts';
import { callPlainly } from './textbook-loop.ts';

const create = 'CREATE TABLE steps (run TEXT, step TEXT, output TEXT, PRIMARY KEY (run, step))';

export const openSqliteLoop: Open = async ({ participantsUrl, folder }) => {
  const file = new DatabaseSync(join(folder, 'steps.sqlite'));
  file.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; ${create}`);
  const insert = file.prepare('INSERT INTO steps VALUES (?, ?, ?)');
  return {
    version: `SQLite ${process.versions.sqlite}`,
    async place(id) {
      for (const step of steps) {
        const { data } = await callPlainly(participantsUrl, step, id);
        insert.run(id, step, JSON.stringify(data));
      }
    },
  };
};

interface Pg {
  readonly default: {
    readonly Pool: new (options: {
      connectionString: string;
    }) => { query(text: string, values?: readonly string[]): Promise<unknown> };
  };
}

export const openPostgresLoop: Open = async ({ participantsUrl, folder }) => {
  const { url, version } = await startPostgres(folder);
  const pg = await importRival<Pg>('pg');
  const pool = new pg.default.Pool({ connectionString: url });
  await pool.query(create);
  return {
    version: `PostgreSQL ${version}, pg ${readRivalVersion('pg')}`,
    async place(id) {
      for (const step of steps) {
        const { data } = await callPlainly(participantsUrl, step, id);
        await pool.query('INSERT INTO steps VALUES ($1, $2, $3)', [id, step, JSON.stringify(data)]);
      }
    },
  };
};
