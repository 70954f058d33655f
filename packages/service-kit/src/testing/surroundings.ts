/** What every participant's tests need around it. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createLog, createMetrics } from '@baton/telemetry';
import type { Express } from 'express';
import type { ParticipantOptions } from '../participant.ts';
import type { Store } from '../store.ts';

/** A participant, wherever it runs: its app in this process, or where it answers. */
export interface TestedParticipant {
  readonly app: Express | string;
  readonly store: Pick<Store, 'db' | 'path' | 'incarnation'>;
  readonly close: () => void | Promise<void>;
}

/** Silent, and at a time of its own, so that equal stories leave equal rows. */
export const toQuietOptions = (service: string, path = ':memory:'): ParticipantOptions => ({
  path,
  log: createLog(service, 'silent'),
  metrics: createMetrics(service),
  now: () => Date.parse('2026-01-01T00:00:00.000Z'),
});

export interface Listening {
  readonly url: string;
  readonly close: () => Promise<void>;
}

/** On a free port. */
export async function listen(app: Express): Promise<Listening> {
  const server = createServer(app);
  const listening = Promise.withResolvers<void>();
  server.listen(0, '127.0.0.1', listening.resolve);
  await listening.promise;
  // The one place where the address is known not to be a pipe's.
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    close: () => {
      const closed = Promise.withResolvers<void>();
      server.close(() => closed.resolve());
      server.closeAllConnections();
      return closed.promise;
    },
  };
}

const tables = `SELECT name FROM sqlite_schema
  WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name NOT IN ('meta', 'fence')`;

/** All that the business wrote, by table. */
export const dumpTables = ({ db }: TestedParticipant['store']): Readonly<Record<string, unknown>> =>
  Object.fromEntries(
    db
      .prepare(tables)
      .all()
      .map(({ name }) => [String(name), db.prepare(`SELECT * FROM "${String(name)}"`).all()]),
  );
