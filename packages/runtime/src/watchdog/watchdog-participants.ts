/** How participants fare, as seen from here: whether they answer, their breakers, and whose data they answer from. */
import type { ParticipantState } from '@baton/contracts';
import type { Engine, ParticipantView } from '@baton/saga';
import type { RunParticipants } from '../participants.ts';
import { toInstant } from '../run/instant.ts';
import { toBreakerWord } from './breaker-word.ts';

export interface ParticipantsWatch {
  /** Names the data of each participant that answered since the start. */
  incarnations(): Readonly<Record<string, string>>;
  /** By name: null until it was asked. Asks anew in the background. */
  answers(): Readonly<Record<string, boolean | null>>;
  states(): Promise<ParticipantState[]>;
}

export interface WatchedParticipants {
  readonly engine: Pick<Engine, 'participants'>;
  readonly readHealth: () => Readonly<Record<string, string>>;
  readonly now: () => number;
}

export function createParticipantsWatch(
  participants: RunParticipants,
  { engine, readHealth, now }: WatchedParticipants,
): ParticipantsWatch {
  const incarnations = (): Record<string, string> =>
    Object.fromEntries(
      Object.entries(participants).flatMap(([name, client]) => {
        const incarnation = client.incarnation?.();
        return incarnation === undefined ? [] : [[name, incarnation]];
      }),
    );
  const answers = () =>
    Object.fromEntries(Object.entries(readHealth()).map(([name, said]) => [name, toAnswer(said)]));
  return {
    incarnations,
    answers,
    states: async () => {
      const called = await engine.participants();
      const known = incarnations();
      const views = new Map(called.map((view) => [view.participant, view]));
      return Object.entries(answers()).map(([name, isAnswering]) => ({
        name,
        answers: isAnswering,
        ...toBreakerState(views.get(name), now()),
        incarnation: known[name] ?? null,
      }));
    },
  };
}

const toAnswer = (said: string): boolean | null =>
  said.startsWith('not asked') ? null : said === 'answers';

/** The engine has no view of a participant that was never called. */
function toBreakerState(view: ParticipantView | undefined, nowMs: number) {
  if (!view) return uncalled;
  const { nextTryAt, openings, inFlight, waiting, parked } = view;
  const breaker = toBreakerWord(view, nowMs);
  const isPast = nextTryAt === null || breaker === 'due';
  return {
    breaker,
    nextTryAt: isPast ? null : toInstant(nextTryAt),
    openings,
    inFlight,
    waiting,
    parked,
  };
}

const uncalled = {
  breaker: 'closed',
  nextTryAt: null,
  openings: 0,
  inFlight: 0,
  waiting: 0,
  parked: 0,
} as const;
