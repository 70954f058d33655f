/** Places a run for a click: one run, however often a person clicks, and whatever becomes of the answer. */
import type { WorkflowDescription } from '@baton/contracts';
import { signal } from '@preact/signals';
import { createKey, placeRun } from '../api.ts';

export const isPlacing = signal(false);

/** The last request, as long as it was not accepted. Under the same key, it places no second run. */
let sent: { readonly request: string; readonly key: string } | undefined;

/** Resolves with nothing where another click is still to be answered. */
export async function placeOnce(workflow: WorkflowDescription, body: unknown, baggage?: string) {
  if (isPlacing.value) return undefined;
  const request = JSON.stringify([workflow.plural, body, baggage]);
  if (sent?.request !== request) sent = { request, key: createKey() };
  isPlacing.value = true;
  const answer = await placeRun(workflow, body, { key: sent.key, baggage });
  isPlacing.value = false;
  if (answer.ok) sent = undefined;
  return answer;
}
