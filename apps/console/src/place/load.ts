/** Places runs at a steady rate, and counts the answers. */

import type { WorkflowDescription } from '@baton/contracts';
import { createKey, placeRun } from '../api.ts';

export interface LoadCounts {
  readonly sent: number;
  readonly accepted: number;
  /** Refused by admission: too many are open. */
  readonly refused: number;
  readonly failed: number;
}

export const noLoad: LoadCounts = { sent: 0, accepted: 0, refused: 0, failed: 0 };

/** Requests under way at once: a browser would only queue more. */
const underWayMax = 200;
const tickMs = 50;

export function startLoad(
  workflow: WorkflowDescription,
  { body, readRate }: { readonly body: unknown; readonly readRate: () => number },
  onCount: (counts: LoadCounts) => void,
): () => void {
  let counts = noLoad;
  let underWay = 0;
  let owed = 0;
  let lastAt = performance.now();
  const add = (name: keyof LoadCounts): void => {
    counts = { ...counts, [name]: counts[name] + 1 };
  };
  async function placeOne(): Promise<void> {
    underWay += 1;
    add('sent');
    const answer = await placeRun(workflow, body, { key: createKey() });
    underWay -= 1;
    if (answer.ok) add('accepted');
    else add(answer.status === 503 ? 'refused' : 'failed');
  }
  const timer = setInterval(() => {
    const now = performance.now();
    owed = Math.min(owed + ((now - lastAt) / 1_000) * readRate(), underWayMax);
    lastAt = now;
    for (; owed >= 1 && underWay < underWayMax; owed -= 1) void placeOne();
    onCount(counts);
  }, tickMs);
  return () => clearInterval(timer);
}
