/**
 * Runs by a word of their request. No index has these words: each run is read, and a search looks at so many at most.
 */
import { type Found, searchOperations } from '@baton/contracts';
import type { Engine } from '@baton/saga';
import { type Handlers, type MountSurroundings, mount } from '@baton/service-kit';
import type { Router } from 'express';
import { createBreather } from '../breather.ts';
import { findWorkflowOf, type Workflows } from '../workflow.ts';
import { summarize } from './run-routes.ts';

interface Searched {
  readonly engine: Pick<Engine, 'list' | 'read' | 'readState'>;
  readonly workflows: Workflows;
  readonly lookedMax?: number;
}

export function mountSearch(router: Router, searched: Searched, around: MountSurroundings): void {
  mount(router, searchOperations, around)(createSearchHandlers(searched));
}

export const createSearchHandlers = ({
  engine,
  workflows,
  lookedMax = 1_000,
}: Searched): Handlers<typeof searchOperations> => ({
  search: async ({ query: { word, cursor } }) => {
    const before = cursor === undefined ? undefined : Number(cursor);
    const runs = await engine.list({ limit: lookedMax, before });
    const breathe = createBreather();
    const found: Found[] = [];
    for (const run of runs) {
      const workflow = findWorkflowOf(workflows, run.id);
      const state = workflow.search && (await engine.readState(run.id));
      if (state && workflow.search?.toWords(state).includes(word))
        found.push({ id: run.id, ...(await summarize({ engine, workflow }, run, state)) });
      await breathe();
    }
    const last = runs.length < lookedMax ? undefined : runs.at(-1);
    const nextCursor = last ? String(last.number) : null;
    return { status: 200, body: { found, looked: runs.length, nextCursor } };
  },
});
