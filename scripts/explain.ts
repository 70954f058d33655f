/**
 * `npm run explain -- <orderId>`: an order's life in plain words, read from the journal's file.
 *
 * The command changes nothing and asks no service, so it works with and without a running orchestrator.
 */
import { resolve } from 'node:path';
import { narrate } from '@baton/runtime/narrative';
import { JournalError } from '@baton/saga';
import { toOneLine } from '@baton/telemetry/one-line';
import { readCommandLine } from './command-line.ts';
import { findFiles, openRuns, type Reader, readRun, workflow } from './run-reader.ts';

const root = resolve(import.meta.dirname, '..');
const dataDir = resolve(root, process.env.DATA_DIR || '.data');
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
  return [`There is no order ${id} in ${findFiles(dataDir).join(' and ')}.`, ...listNewest(reader)];
}

function listNewest(reader: Reader): string[] {
  const newest = reader.list({ limit: listed });
  if (newest.length === 0) return ['No order was placed yet: README.md has one to paste.'];
  return ['The newest orders:', ...newest.map(({ id, status }) => `  ${id}  ${status}`)];
}

function main(): void {
  const [id] = readCommandLine(usageText, { allowPositionals: true }).positionals;
  if (findFiles(dataDir).length === 0) {
    console.error(`There is no journal in ${dataDir}: npm run dev makes one, or set DATA_DIR.`);
    process.exitCode = 1;
    return;
  }
  const reader = openRuns(dataDir);
  const usage = ['Whose life? npm run explain -- <orderId>', ''];
  const lines = id ? explain(reader, id) : [...usage, ...listNewest(reader)];
  console.log(lines.map(toOneLine).join('\n'));
  reader.close();
}

try {
  main();
} catch (error) {
  if (!(error instanceof JournalError)) throw error;
  console.error(toOneLine(error.message));
  process.exitCode = 1;
}
