import type { Reply } from '../../core/reply.ts';
import type { Lane, Leave } from '../../run/lane.ts';
import type { Lanes } from '../../run/lanes.ts';
import type { Run } from '../../run/run.ts';
import { type Mutant, onEachHost } from './mutant.ts';

type AnyLane = Lane<Run>;
type Admit = AnyLane['admit'];

/** Another way to admit, for every lane. */
const changeAdmit =
  (change: (admit: Admit, ...asked: Parameters<Admit>) => ReturnType<Admit>) =>
  (root: AnyLane): AnyLane => {
    const { admit } = root;
    root.admit = function (this: AnyLane, ...asked: Parameters<Admit>) {
      return change((...changed) => admit.apply(this, changed), ...asked);
    };
    return root;
  };

/** A permit is given back only for these ends. */
const keepPermits = (givesBack: (reply: Reply<unknown> | null) => boolean) =>
  changeAdmit((admit, ...asked) => {
    const permit = admit(...asked);
    if (typeof permit !== 'function') return permit;
    const leave: Leave = (reply) => {
      if (givesBack(reply)) permit(reply);
    };
    return leave;
  });

export const laneMutants = {
  'lane-keeps-a-permit-without-a-call': {
    bug: 'A run that no longer wants to call keeps its permit',
    mutate: keepPermits((reply) => reply !== null),
    caughtBy: onEachHost('does not keep the next suspect waiting when it is cleared'),
  },
  'lane-keeps-the-permit-of-a-call-out-of-time': {
    bug: 'A call that ran out of time keeps its permit',
    mutate: keepPermits(
      (reply) => !(reply && reply.reply === 'unknown' && reply.code === 'timed-out'),
    ),
    caughtBy: onEachHost('are free again after a call that ran out of time'),
  },
  'lane-lets-undos-take-every-place': {
    bug: 'Undos take every permit of their participant',
    mutate: (root) => Object.defineProperty(root, 'hasUndosOnly', { get: () => false }),
    caughtBy: onEachHost('leave one to runs that go forward'),
  },
  'lane-blames-the-participant-for-a-run': {
    bug: 'One run that nobody can serve opens the breaker for all',
    mutate: changeAdmit((admit, direction) => admit(direction)),
    caughtBy: onEachHost('does not degrade the others for a few repairs that nobody can make'),
  },
  'lane-does-not-hear-a-retry': {
    bug: 'A retry that an operator asks for does not hasten the probe',
    mutate: (root) => Object.assign(root, { hasten: () => {} }),
    caughtBy: onEachHost('is probed at once when an operator asks for a retry'),
  },
  'lane-forgets-that-it-healed': {
    bug: 'An owed undo sleeps on though its participant is well again',
    mutate: (root) => Object.defineProperty(root, 'healedAt', { get: () => 0 }),
    caughtBy: onEachHost('wakes an owed undo, however long it meant to wait'),
  },
} as const satisfies Readonly<Record<string, Mutant<AnyLane>>>;

export const lanesMutants = {
  'lanes-try-suspects-together': {
    bug: 'Runs that may have ended the process are called beside each other',
    mutate: (root) => Object.assign(root, { takeTurn: () => true }),
    caughtBy: onEachHost('is called alone once it may be what ends it'),
  },
  'lanes-forget-a-restart': {
    bug: 'Runs that waited for a breaker before a restart wait for their time',
    mutate: (root) => Object.assign(root, { start: () => {} }),
    caughtBy: onEachHost('lets the parked go on after a restart'),
  },
} as const satisfies Readonly<Record<string, Mutant<Lanes>>>;
