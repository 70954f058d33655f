/**
 * `npm run explain -- <orderId>`: an order's life in plain words, read from the journal's file.
 *
 * It changes nothing and asks no service, so it works while the orchestrator runs, and when it does not.
 */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { narrate } from '@baton/runtime';
import { JournalError, openReader } from '@baton/saga';
import { readCommandLine } from './command-line.ts';
import { type Reader, readRun, toJournalFile, workflow } from './run-reader.ts';

const root = resolve(import.meta.dirname, '..');
const journalFile = toJournalFile(resolve(root, process.env.DATA_DIR || '.data'));
const listed = 10;
const usageText = `npm run explain -- ORDER   an order's life in plain words
npm run explain            the newest orders

DATA_DIR  where Baton keeps its data; .data unless it is set`;

function explain(reader: Reader, id: string): string[] {
  const run = readRun(reader, id);
  if (run) return narrate(run, workflow, Date.now());
  const submission = reader.readSubmission(id);
  if (submission?.prunedAs)
    return [`Order ${id} ended ${submission.prunedAs}, long ago; its events are no longer kept.`];
  process.exitCode = 1;
  return [`There is no order ${id} in ${journalFile}.`, ...listNewest(reader)];
}

function listNewest(reader: Reader): string[] {
  const newest = reader.list({ limit: listed });
  if (newest.length === 0) return ['No order was placed yet: README.md has one to paste.'];
  return ['The newest orders:', ...newest.map(({ id, status }) => `  ${id}  ${status}`)];
}

function main(): void {
  const [id] = readCommandLine(usageText, { allowPositionals: true }).positionals;
  if (!existsSync(journalFile)) {
    console.error(`There is no journal at ${journalFile}: npm run dev makes one, or set DATA_DIR.`);
    process.exitCode = 1;
    return;
  }
  const reader = openReader(journalFile);
  const usage = ['Whose life? npm run explain -- <orderId>', ''];
  console.log((id ? explain(reader, id) : [...usage, ...listNewest(reader)]).join('\n'));
  reader.close();
}

try {
  main();
} catch (error) {
  if (!(error instanceof JournalError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
