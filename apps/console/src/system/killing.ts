/** Kills a process of the system, and keeps the runs that the page knew to be open then. */
import { signal } from '@preact/signals';
import { type Answer, askLeave, crashOrchestrator, killParticipant } from '../api.ts';
import { listOpen } from '../live.ts';

export const orchestrator = 'orchestrator';
export const standby = 'standby';

export interface Killed {
  readonly name: string;
  readonly at: number;
  /** The runs that the page knew to be open: it does not know all runs. */
  readonly open: readonly string[];
  /** Until it served again. Undefined while that is not known; null where it took longer than anybody waited. */
  readonly afterMs: number | null | undefined;
}

export const killed = signal<Killed | null>(null);

/** Resolves with the reason, where the process could not be killed. */
export async function kill(name: string): Promise<string | undefined> {
  // A person who types a token first takes a while, and orders go on meanwhile.
  const leave = await askLeave();
  if (!leave.ok) return leave.why;
  const dying = { name, at: Date.now(), open: listOpen(), afterMs: undefined };
  const showBefore = killed.value;
  killed.value = dying;
  const answer: Answer<{ readonly servedAgainAfterMs?: number | null }> =
    name === orchestrator ? await crashOrchestrator() : await killParticipant(name);
  if (!answer.ok) {
    killed.value = showBefore;
    return answer.why;
  }
  if (killed.value === dying) killed.value = { ...dying, afterMs: answer.body.servedAgainAfterMs };
  return undefined;
}
