/** A cluster of one node, and engines on it: what tests of the host share. */
import type { KeyObject } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Engine, type EngineOptions, openJournal } from '@baton/saga';
import { type ClusterOptions, createLink, createRestateEngine } from '@baton/saga-restate';
import { type RestateNode, startNodes } from '@baton/saga-restate/nodes';
import { z } from 'zod';

export interface OneNode {
  readonly node: RestateNode;
  /** Each is a replica of its own, with its own projection. */
  createEngine(
    options: Omit<EngineOptions, 'journal'>,
    handlers?: Pick<ClusterOptions, 'identityKeys' | 'handlersPort'>,
  ): Promise<Engine>;
  close(): Promise<void>;
}

export async function startOneNode(identityKey?: KeyObject): Promise<OneNode> {
  const folder = mkdtempSync(join(tmpdir(), 'baton-restate-'));
  const identityFile = join(folder, 'identity.pem');
  if (identityKey)
    writeFileSync(identityFile, identityKey.export({ type: 'pkcs8', format: 'pem' }));
  const [node] = await startNodes({ folder, count: 1, ...(identityKey && { identityFile }) });
  if (!node) throw new Error('no node was started');
  const engines: Engine[] = [];
  let opened = 0;
  return {
    node,
    async createEngine(options, handlers = {}) {
      const own = join(folder, `replica-${opened++}`);
      mkdirSync(own);
      const journal = await openJournal({ path: join(own, 'projection.sqlite') });
      const link = createLink({
        ingressUrls: [node.ingressUrl],
        registration: { adminUrls: [node.adminUrl] },
        ...handlers,
      });
      const engine = await createRestateEngine({ ...options, journal }, link);
      engines.push(engine);
      return engine;
    },
    async close() {
      for (const engine of engines) await engine.stop();
      await node.stop();
      rmSync(folder, { recursive: true });
    },
  };
}

const Tables = z.array(z.object({ name: z.string() }));

/** The tables of the node's SQL that contain a text, as it is or as bytes. */
export async function findTables(node: RestateNode, text: string): Promise<string[]> {
  const bytes = Buffer.from(text).toString('hex');
  const listed = await query(
    node,
    "SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public'",
  );
  const found: string[] = [];
  for (const { name } of Tables.parse(listed)) {
    const rows = JSON.stringify(await query(node, `SELECT * FROM ${name}`));
    if (rows.includes(text) || rows.includes(bytes)) found.push(name);
  }
  return found.toSorted();
}

/** The rows that the node answers to a query in SQL. */
export async function query({ adminUrl }: RestateNode, sql: string): Promise<readonly unknown[]> {
  const answer = await fetch(`${adminUrl}/query`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json' },
    body: JSON.stringify({ query: sql }),
  });
  const { rows } = z.object({ rows: z.array(z.unknown()) }).parse(await answer.json());
  return rows;
}
