/**
 * `npm run reset` empties DATA_DIR (default: `.data` at the repository's root), unless a process works on it.
 *
 * In use means: some connection to one of its SQLite files is open. A connection to a WAL file holds a shared
 * lock from its first statement until it is closed, even when idle, and the system drops it however the process
 * ends. Exclusive locking mode asks for a lock that excludes those; `BEGIN EXCLUSIVE` alone would not, since WAL
 * lets readers be. A port would say less: services may listen elsewhere, or work on another folder.
 *
 * The locks are held until the files are gone, so that nothing starts on them meanwhile.
 *
 * `--projection` removes only what this replica read of its cluster. The folder stays: it says that orders went there.
 */
import { existsSync, readdirSync, rmdirSync, rmSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { readCommandLine } from './command-line.ts';

const root = resolve(import.meta.dirname, '..');
const folder = resolve(root, process.env.DATA_DIR || '.data');
const sqliteBusy = 5;
const usageText = `npm run reset                   empties the folder that holds Baton's data, unless Baton runs on it
npm run reset -- --projection   only what a replica read of its cluster: it reads all anew at its next start

DATA_DIR  that folder; .data unless it is set`;

const sqlite = '\\.(sqlite|lock)(-wal|-shm|-journal|-damaged)?';
const journal = `(journal|standby)${sqlite}|(catalog\\.json|totals\\.json|traced-(to|by))(\\.new)?`;
/** With any other file, DATA_DIR is another program's folder. */
const ours = new RegExp(
  `^(\\.DS_Store|faults\\.json(\\..+)?|(notification-service/)?[a-z0-9-]+${sqlite}|orchestrator/(${journal}))$`,
);
const projection = new RegExp(`^orchestrator/cluster/(projection|journal|standby)${sqlite}$`);

/** The folder of a cluster's node, whose files are its own. */
const node = 'restate';
/** The orchestrator's, and a function's. */
const folders = ['orchestrator/cluster', 'orchestrator', 'notification-service', node];

class Refusal extends Error {}

/** A lock on a file for as long as the connection is open. */
function lock(path: string): DatabaseSync {
  const db = new DatabaseSync(path, { timeout: 0 });
  try {
    db.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE');
  } catch (error) {
    if (error instanceof Error && 'errcode' in error && error.errcode === sqliteBusy) {
      db.close();
      throw new Refusal(`${path} is in use; stop Baton first`);
    }
    // A damaged file can have no user, and is a good reason for a reset.
  }
  return db;
}

/** Every file in it but a node's, and every folder but ours, by its path inside. */
function listFiles(): string[] {
  try {
    const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
    return entries
      .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
      .filter((path) => !folders.includes(path) && !path.startsWith(`${node}/`));
  } catch (error) {
    throw new Refusal(
      `${folder} cannot be read (${error instanceof Error ? error.message : error})`,
    );
  }
}

function listOurs(): string[] {
  const files = listFiles();
  const foreign = files.find((name) => !ours.test(name) && !projection.test(name));
  if (foreign) throw new Refusal(`${join(folder, foreign)} is not Baton's`);
  return files;
}

function empty(): string {
  if (!existsSync(folder)) return `${folder} does not exist: nothing to remove.`;
  return remove(listOurs, () => {
    rmSync(join(folder, node), { recursive: true, force: true });
    for (const name of folders) removeFolder(join(folder, name));
    return `${folder} is empty now.`;
  });
}

function forgetCluster(): string {
  const list = () => listOurs().filter((name) => projection.test(name));
  if (!existsSync(folder) || list().length === 0) return `${folder} holds no projection.`;
  return remove(list, () => 'The next start reads all that the cluster has told.');
}

/** Empties the folder, unless a process uses it. */
function remove(list: () => readonly string[], end: () => string): string {
  const databases = list().filter((name) => /\.(sqlite|lock)$/.test(name));
  const locks: DatabaseSync[] = [];
  try {
    for (const name of databases) locks.push(lock(join(folder, name)));
    // Listed anew: taking a lock makes files, and a process that stopped meanwhile left some.
    for (const name of list()) rmSync(join(folder, name), { force: true });
    return end();
  } finally {
    for (const db of locks) db.close();
  }
}

/** A folder with files stays: a process that starts just now has made them. */
function removeFolder(path: string): void {
  if (existsSync(path) && readdirSync(path).length === 0) rmdirSync(path);
}

const { values } = readCommandLine(usageText, { options: { projection: { type: 'boolean' } } });
try {
  console.log(values.projection ? forgetCluster() : empty());
} catch (error) {
  if (!(error instanceof Refusal)) throw error;
  console.error(`Nothing was removed: ${error.message}.`);
  process.exitCode = 1;
}
