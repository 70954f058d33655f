/** Runs as they stand in the journal's file, with the workflow they began with: for whoever tells of them. */

import { join } from 'node:path';
import { mapParticipants } from '@baton/contracts';
import { createPlaceOrder } from '@baton/orchestrator';
import { createParticipants } from '@baton/runtime';
import { type openReader, type RunView, replay, viewRun } from '@baton/saga';

export type Reader = ReturnType<typeof openReader>;

/** Where the orchestrator keeps it. */
export const toJournalFile = (dataDir: string): string =>
  join(dataDir, 'orchestrator', 'journal.sqlite');

/** Only their plans are asked, so nobody need be at these addresses. */
export const workflow = createPlaceOrder(
  createParticipants(mapParticipants(() => 'http://127.0.0.1:1')),
);
const sagas = workflow.versions;

export function readRun(reader: Reader, id: string): RunView | undefined {
  const stored = reader.read(id);
  if (!stored) return undefined;
  const state = replay(stored.events);
  const known = sagas.find(
    ({ version, structure }) => state.version === version && state.structure === structure,
  );
  return viewRun(known ?? null, { id, state, events: stored.events }, Date.now());
}
