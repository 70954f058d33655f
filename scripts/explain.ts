// `npm run explain -- <orderId>`: an order's life in plain words, read from the journal's file.
//
// It changes nothing and asks no service, so it works while the orchestrator runs, and when it does not.
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createOrderSagas, createParticipants, narrate } from '@baton/orchestrator';
import { decide, JournalError, openReader, type RunView, replay } from '@baton/saga';

const root = resolve(import.meta.dirname, '..');
const journalFile = join(
  resolve(root, process.env.DATA_DIR || '.data'),
  'orchestrator',
  'journal.sqlite',
);
const listed = 10;

/** Only their plans are asked, so nobody need be at these addresses. */
const sagas = createOrderSagas(
  createParticipants({
    orders: 'http://127.0.0.1',
    inventory: 'http://127.0.0.1',
    payments: 'http://127.0.0.1',
    notifications: 'http://127.0.0.1',
  }),
);

type Reader = ReturnType<typeof openReader>;

function readRun(reader: Reader, id: string): RunView | undefined {
  const stored = reader.read(id);
  if (!stored) return undefined;
  const state = replay(stored.events);
  const known = sagas.find(
    ({ version, structure }) => state.version === version && state.structure === structure,
  );
  const next = known ? decide(known, state, Date.now()) : null;
  return { id, saga: known ?? null, state, events: stored.events, attempt: null, next };
}

function explain(reader: Reader, id: string): string[] {
  const run = readRun(reader, id);
  if (run) return narrate(run, Date.now());
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
  const [id] = process.argv.slice(2);
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
