import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

const resetScript = join(import.meta.dirname, 'reset.ts');

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'reset-'));
  for (const own of ['orchestrator', 'notification-service']) mkdirSync(join(folder, own));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function reset(...args: readonly string[]) {
  const env = { ...process.env, DATA_DIR: folder };
  const { status, stdout, stderr } = spawnSync(process.execPath, [resetScript, ...args], {
    env,
    encoding: 'utf8',
  });
  return { status, output: stdout + stderr };
}

/** A process that runs `sql` on a file, says so, and then stays idle with the connection open. */
async function hold(path: string, sql: string) {
  const program = `
    const db = new (require('node:sqlite').DatabaseSync)(process.env.FILE);
    db.exec(process.env.SQL);
    console.log('held');
    process.stdin.resume().on('end', () => db.close());`;
  const child = spawn(process.execPath, ['-e', program], {
    env: { ...process.env, FILE: join(folder, path), SQL: sql },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  return {
    kill: async () => {
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}

const users = [
  ['a service with an idle WAL file', 'order-service.sqlite', 'PRAGMA journal_mode = WAL'],
  ['an orchestrator with its lock', 'orchestrator/journal.lock', 'BEGIN EXCLUSIVE'],
  ['a function with its object', 'notification-service/0a1b.sqlite', 'PRAGMA journal_mode = WAL'],
] as const;

test.each(users)(
  'refuses while %s runs, and empties once it was killed',
  async (_who, path, sql) => {
    const user = await hold(path, `${sql}; CREATE TABLE IF NOT EXISTS t (a)`);
    const before = readdirSync(folder);
    const refused = reset();
    const after = readdirSync(folder);
    await user.kill();
    expect(refused.status).toBe(1);
    expect(refused.output).toBe(
      `Nothing was removed: ${join(folder, path)} is in use; stop Baton first.\n`,
    );
    expect(after).toEqual(before);
    expect(reset()).toEqual({ status: 0, output: `${folder} is empty now.\n` });
    expect(readdirSync(folder)).toEqual([]);
  },
);

test('empties a folder with a damaged file', () => {
  writeFileSync(
    join(folder, 'order-service.sqlite'),
    'no database, though long enough to be one'.repeat(99),
  );
  expect(reset().status).toBe(0);
  expect(readdirSync(folder)).toEqual([]);
});

test.each(['thesis.odt', 'notes.json', 'orchestrator/thesis.odt', 'x.json/mine.txt'])(
  'removes nothing from a folder that holds %s, which is not its own',
  (foreign) => {
    writeFileSync(join(folder, 'order-service.sqlite'), '');
    mkdirSync(dirname(join(folder, foreign)), { recursive: true });
    writeFileSync(join(folder, foreign), '');
    const refused = reset();
    expect(refused.status).toBe(1);
    expect(refused.output).toMatch(/^Nothing was removed: .* is not Baton's\.\n$/);
    expect(existsSync(join(folder, foreign))).toBe(true);
    expect(existsSync(join(folder, 'order-service.sqlite'))).toBe(true);
  },
);

test('says so when there is nothing yet', () => {
  rmSync(folder, { recursive: true });
  expect(reset()).toEqual({ status: 0, output: `${folder} does not exist: nothing to remove.\n` });
});

describe('where orders went to a cluster', () => {
  const files = [
    'order-service.sqlite',
    'orchestrator/journal.sqlite',
    'orchestrator/cluster/projection.sqlite',
    'orchestrator/cluster/projection.sqlite-wal',
    'orchestrator/cluster/journal.lock',
    'restate/restate-1/db/CURRENT',
  ];
  beforeEach(() => {
    for (const file of files) {
      mkdirSync(dirname(join(folder, file)), { recursive: true });
      writeFileSync(join(folder, file), '');
    }
  });

  test('empties the node’s folder too', () => {
    expect(reset().status).toBe(0);
    expect(readdirSync(folder)).toEqual([]);
  });

  test('--projection removes what was read of the cluster alone, and leaves the mark that orders went there', async () => {
    const projection = 'orchestrator/cluster/projection.sqlite';
    const user = await hold(projection, 'PRAGMA journal_mode = WAL; CREATE TABLE t (a)');
    const refused = reset('--projection');
    await user.kill();
    expect([refused.status, refused.output]).toEqual([1, expect.stringContaining('is in use')]);
    expect(reset('--projection').status).toBe(0);
    expect(existsSync(join(folder, projection))).toBe(false);
    expect(existsSync(join(folder, 'orchestrator/cluster'))).toBe(true);
    for (const file of files.filter((name) => !name.includes('cluster')))
      expect(existsSync(join(folder, file))).toBe(true);
    expect(reset('--projection')).toEqual({
      status: 0,
      output: `${folder} holds no projection.\n`,
    });
  });
});
