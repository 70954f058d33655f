/** One run, read again after each of its events. */
import type { RunStory, RunView, WorkflowDescription } from '@baton/contracts';
import { useEffect, useMemo, useState } from 'preact/hooks';
import { readRun, readStory } from '../api.ts';
import { coalesced } from '../coalesced.ts';
import { connection, onRunEvent } from '../live.ts';
import { isSettled } from '../words.ts';

export interface ShownRun {
  readonly run: RunView;
  readonly story: RunStory;
}

/** What happens next may change without an event. */
const againMs = 2_000;

export function useRun(workflow: WorkflowDescription, id: string) {
  const [shown, setShown] = useState<ShownRun>();
  const [why, setWhy] = useState<string>();
  const isLive = connection.value === 'live';
  const read = useMemo(
    () =>
      coalesced(async () => {
        const [run, story] = await Promise.all([readRun(workflow, id), readStory(workflow, id)]);
        if (run.ok && story.ok) setShown({ run: run.body, story: story.body });
        const failed = [run, story].find(({ ok }) => !ok);
        setWhy(failed?.ok === false ? failed.why : undefined);
      }),
    [workflow, id],
  );
  // After a lost connection it is read again.
  useEffect(() => {
    read();
    return onRunEvent(id, read);
  }, [id, read, isLive]);
  const isOver =
    why === undefined && shown && isSettled(shown.run.status) && shown.run.degraded.length === 0;
  useEffect(() => {
    if (isOver) return;
    const timer = setInterval(() => document.hidden || read(), againMs);
    return () => clearInterval(timer);
  }, [read, isOver]);
  return { shown, why, again: read };
}
