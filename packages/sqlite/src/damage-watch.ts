/**
 * Reads the pages of a large file in a thread, while the file is in use: the start did not wait for that. It finds pages
 * that SQLite cannot read, not wrong rows.
 *
 * 1. The event loop does nothing for it, and a process that ends need not wait for more than one page.
 * 2. Damage is noted beside the file: each start from then on refuses the file, until it reads well.
 */
import { statSync, writeFileSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { isDamaged, toReason } from './failure.ts';
import { type FileError, inMemory, type Place, toCorrupt } from './file-error.ts';

/** Read at the start, within some hundredths of a second. */
export const wholeBytesMax = 8 * 2 ** 20;

/** The start has the processors to itself. */
const delayMs = 1_000;

export const toMark = (path: string): string => `${path}-damaged`;

/** Calls back once, if at all. Returns how to stop. */
export function watchDamage(place: Place, onDamaged: (error: FileError) => void): () => void {
  const { path } = place;
  if (path === inMemory || statSync(path).size <= wholeBytesMax) return () => {};
  let thread: Worker | undefined;
  const timer = setTimeout(() => {
    thread = new Worker(`(${findDamage})()`, { eval: true, workerData: path });
    thread.unref();
    thread.on('error', (error) => {
      // Any other error meets the file's owner, too, which knows what it means.
      if (!isDamaged(error)) return;
      writeFileSync(toMark(path), toReason(error), { mode: 0o600 });
      onDamaged(toCorrupt(place, toReason(error)));
    });
  }, delayMs).unref();
  return () => {
    clearTimeout(timer);
    void thread?.terminate();
  };
}

/** The function becomes text, so that it needs no file of its own: it must use nothing from around it. */
function findDamage(): void {
  const { workerData } = process.getBuiltinModule('node:worker_threads');
  const { DatabaseSync } = process.getBuiltinModule('node:sqlite');
  const database = new DatabaseSync(workerData, { readOnly: true });
  const pages = database.prepare('SELECT pageno, pagetype FROM dbstat WHERE name = ?');
  // One transaction for each table and index: the log grows for as long as one lasts.
  for (const { name } of database.prepare('SELECT name FROM sqlite_schema').all())
    for (const { pageno, pagetype } of pages.iterate(String(name)))
      if (pagetype === 'corrupted')
        // SQLite's own words for a page that it cannot read.
        throw Object.assign(new Error(`page ${pageno} of ${name}`), { errcode: 11 });
}
