/** Runs that were found by a word of their request: the orchestrator looks, since the page does not know these words. */
import type { WorkflowDescription } from '@baton/contracts';
import { signal } from '@preact/signals';
import { searchRuns } from '../api.ts';
import { addFound } from '../live.ts';

interface Found {
  /** The word, and for which workflow. */
  readonly sought: string;
  readonly ids: ReadonlySet<string>;
  /** How many runs were looked at. */
  readonly looked: number;
  /** Where older runs begin; null where there are none. */
  readonly cursor: string | null;
  readonly why: string | undefined;
}

export const found = signal<Found | undefined>(undefined);

const toSought = ({ idPrefix }: WorkflowDescription, word: string) => `${idPrefix} ${word}`;

export const readFound = (workflow: WorkflowDescription, word: string): Found | undefined =>
  found.value?.sought === toSought(workflow, word) ? found.value : undefined;

/** An answer to an earlier search comes too late. */
let awaited: string | undefined;

/** Searching the same word again goes on among older runs. */
export async function find(workflow: WorkflowDescription, word: string): Promise<void> {
  const sought = toSought(workflow, word);
  const known = readFound(workflow, word);
  const isAtEnd = known?.cursor === null && known.why === undefined;
  if (awaited === sought || isAtEnd) return;
  awaited = sought;
  const before = known ?? { sought, ids: new Set<string>(), looked: 0, cursor: null };
  const answer = await searchRuns(word, before.cursor);
  if (awaited !== sought) return;
  awaited = undefined;
  if (!answer.ok) {
    found.value = { ...before, why: answer.why };
    return;
  }
  const { found: runs, looked, nextCursor } = answer.body;
  const own = runs.filter(({ id }) => id.startsWith(workflow.idPrefix));
  addFound(workflow, own);
  found.value = {
    sought,
    ids: new Set([...before.ids, ...own.map(({ id }) => id)]),
    looked: before.looked + looked,
    cursor: nextCursor,
    why: undefined,
  };
}
