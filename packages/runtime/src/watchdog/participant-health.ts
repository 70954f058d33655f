/** Whether participants answer, as readiness reports it. It is not required: orders wait for participants. */
import type { Saga } from '@baton/saga';
import { runUntraced } from '@baton/telemetry';
import type { RunParticipants } from '../participants.ts';
import { listCalled } from '../run/definition.ts';

/** `not asked`: a step calls it, and it is not in the list of participants. */
type Answer = 'not asked' | 'not asked yet' | 'answers' | 'does not answer';

/** An older answer is still given, while the participant is asked anew. */
const freshMs = 1_000;
const patienceMs = 1_000;

/** Asks nobody until somebody wants to know. */
export function createParticipantHealth(
  participants: RunParticipants,
  sagas: readonly Saga<unknown>[],
  now: () => number,
) {
  const answers = new Map<string, Answer>(
    Object.keys(participants).map((name) => [name, 'not asked yet']),
  );
  for (const name of listCalled(sagas)) if (!answers.has(name)) answers.set(name, 'not asked');
  let askedAt = Number.NEGATIVE_INFINITY;
  return (): Readonly<Record<string, Answer>> => {
    if (now() - askedAt >= freshMs) {
      askedAt = now();
      for (const [name, participant] of Object.entries(participants)) {
        const signal = AbortSignal.timeout(patienceMs);
        void runUntraced(() => participant.ready({}, { signal })).then(({ ok }) =>
          answers.set(name, ok ? 'answers' : 'does not answer'),
        );
      }
    }
    return Object.fromEntries(answers);
  };
}
