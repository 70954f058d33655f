/**
 * What a replica would prune, the runs' objects forget first. They keep what was submitted, so that one id stays one run.
 * Not the feed: a replica that begins anew counts its positions, and adds up its totals, from all events that there ever were.
 *
 * 1. A replica prunes a run once its object has forgotten it: no object is left over because a message was lost.
 * 2. What a run's object keeps, since something is left to do, no replica prunes: it asks again.
 * 3. Replicas ask for the same, each when it is due there; to forget again changes nothing.
 */
import type { Journal } from '@baton/saga';

export interface ForgettingOptions {
  readonly journal: Journal;
  /** Resolves with whether the run's object has forgotten. */
  readonly forget: (id: string) => Promise<boolean>;
  /** The cluster could not be asked; it is asked again when the journal is looked at next. */
  readonly onUnreachable: (error: unknown) => void;
}

/** Asked for ahead of what is pruned, since looks may be a minute apart. */
const aheadMax = 10_000;
const atOnce = 16;

/** The journal, but that it lists as prunable only what is forgotten. */
export function createForgetting(options: ForgettingOptions): Journal {
  const { journal, forget, onUnreachable } = options;
  const forgotten = new Set<string>();
  let isAsking = false;

  async function ask(ids: string[]): Promise<void> {
    for (let id = ids.pop(); id !== undefined; id = ids.pop()) {
      if (await forget(id)) forgotten.add(id);
    }
  }
  function askAll(ids: string[]): void {
    if (isAsking || ids.length === 0) return;
    isAsking = true;
    void Promise.all(Array.from({ length: atOnce }, () => ask(ids)))
      .catch(onUnreachable)
      .finally(() => {
        isAsking = false;
      });
  }
  const changes: Pick<Journal, 'listPrunable' | 'prune'> = {
    listPrunable(settledBefore, upTo, limit) {
      const due = journal.listPrunable(settledBefore, upTo, aheadMax);
      askAll(due.filter((id) => !forgotten.has(id)));
      return due.filter((id) => forgotten.has(id)).slice(0, limit);
    },
    prune(runs, carried) {
      journal.prune(runs, carried);
      for (const id of runs) forgotten.delete(id);
    },
  };
  return new Proxy(journal, {
    get(target, name) {
      const value = Reflect.get(Object.hasOwn(changes, name) ? changes : target, name);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}
