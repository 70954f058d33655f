/** Runs as they stand in the journal's file, with the workflow they began with: for the scripts that tell of them. */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { mapParticipants } from '@baton/contracts';
import { createPlaceOrder } from '@baton/orchestrator/place-order';
import type { Participants } from '@baton/runtime';
import { openReader, type RunView, replay, viewRun } from '@baton/saga';

export type Reader = Pick<
  ReturnType<typeof openReader>,
  'read' | 'readSubmission' | 'list' | 'close'
>;

/** The orchestrator's journal, and a replica's copy of its cluster: both where orders have moved. */
export const findFiles = (dataDir: string): string[] =>
  ['journal.sqlite', 'cluster/projection.sqlite']
    .map((file) => join(dataDir, 'orchestrator', file))
    .filter((path) => existsSync(path));

/** A cluster's runs are listed first: they are newer. */
export function openRuns(dataDir: string): Reader {
  const readers = findFiles(dataDir).map(openReader);
  const find = <T>(read: (reader: Reader) => T | undefined): T | undefined => {
    for (const reader of readers) {
      const found = read(reader);
      if (found !== undefined) return found;
    }
    return undefined;
  };
  return {
    read: (id) => find((reader) => reader.read(id)),
    readSubmission: (id) => find((reader) => reader.readSubmission(id)),
    list: (query) =>
      readers
        .toReversed()
        .flatMap((reader) => reader.list(query))
        .slice(0, query.limit),
    close: () => {
      for (const reader of readers) reader.close();
    },
  };
}

/** For their plans alone: without clients of the participants, a command starts in half the time. */
export const workflow = createPlaceOrder(mapParticipants(() => ({})) as unknown as Participants);
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
