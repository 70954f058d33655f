/**
 * `npm run reset` empties DATA_DIR (default: `.data` at the repository's root), unless a process works on it.
 *
 * In use means: some connection to one of its SQLite files is open. A connection to a WAL file holds a shared
 * lock from its first statement until it is closed, even when idle, and the system drops it however the process
 * ends. Exclusive locking mode asks for a lock that excludes those; `BEGIN EXCLUSIVE` alone would not, since WAL
 * lets readers be. A port would say less: services may listen elsewhere, or work on another folder.
 *
 * The locks are held until the files are gone, so that nothing starts on them meanwhile.
 */
import { existsSync, readdirSync, rmdirSync, rmSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { readCommandLine } from './command-line.ts';

const root = resolve(import.meta.dirname, '..');
const folder = resolve(root, process.env.DATA_DIR || '.data');
const sqliteBusy = 5;
const usageText = `npm run reset   empties the folder that holds Baton's data, unless Baton runs on it

DATA_DIR  that folder; .data unless it is set`;

const sqlite = '\\.(sqlite|lock)(-wal|-shm|-journal)?';
const journal = `(journal|standby)${sqlite}|(catalog\\.json|traced-to)(\\.new)?`;
/** Whatever else is found in DATA_DIR, it was set to someone else's folder. */
const ours = new RegExp(
  `^(\\.DS_Store|faults\\.json(\\..+)?|[a-z0-9-]+${sqlite}|orchestrator/(${journal}))$`,
);

class Refusal extends Error {}

/** Taken on a file for as long as it is open. */
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

/** Every file in it, and every folder but the orchestrator's own, by its path inside. */
function listFiles(): string[] {
  try {
    const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
    return entries
      .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
      .filter((path) => path !== 'orchestrator');
  } catch (error) {
    throw new Refusal(
      `${folder} cannot be read (${error instanceof Error ? error.message : error})`,
    );
  }
}

function listOurs(): string[] {
  const files = listFiles();
  const foreign = files.find((name) => !ours.test(name));
  if (foreign) throw new Refusal(`${join(folder, foreign)} is not Baton's`);
  return files;
}

function empty(): string {
  if (!existsSync(folder)) return `${folder} does not exist: nothing to remove.`;
  const databases = listOurs().filter((name) => /\.(sqlite|lock)$/.test(name));
  const locks: DatabaseSync[] = [];
  try {
    for (const name of databases) locks.push(lock(join(folder, name)));
    // Listed anew: to take a lock makes files, and whoever stopped meanwhile left some.
    for (const name of listOurs()) rmSync(join(folder, name), { force: true });
    removeFolder(join(folder, 'orchestrator'));
  } finally {
    for (const db of locks) db.close();
  }
  return `${folder} is empty now.`;
}

/** With what is in it again, it stays: an orchestrator that starts just now has made it, and needs it. */
function removeFolder(path: string): void {
  if (existsSync(path) && readdirSync(path).length === 0) rmdirSync(path);
}

readCommandLine(usageText, {});
try {
  console.log(empty());
} catch (error) {
  if (!(error instanceof Refusal)) throw error;
  console.error(`Nothing was removed: ${error.message}.`);
  process.exitCode = 1;
}
