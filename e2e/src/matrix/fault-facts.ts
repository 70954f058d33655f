/** What a fault does to one attempt, as seen from outside: facts without the orchestrator. */
import {
  type FaultKind,
  type FaultOperation,
  findFaultContract,
  listDeclineCodes,
} from '@baton/contracts';

/** On which side of the participant's commit it acts. */
export const moments = ['before', 'after'] as const;
export type Moment = (typeof moments)[number];

/** How long a caller waits for a call that a fault delays, from when the fault acts. */
export const deadlineMs = 100;
const shortMs = 20;
const longMs = deadlineMs + 150;
const lateMs = 150;

export interface FaultFacts {
  /** For readers: begins with the kind. */
  readonly name: string;
  /** In baggage's form, each with its value. */
  readonly settings: readonly string[];
  /** Whether the participant does the request. `late`: after the caller has stopped listening. */
  readonly done: 'yes' | 'no' | 'late';
  /** `unclear` is worth asking again, `hopeless` is as unclear, and is not. */
  readonly heard: 'ok' | 'refused' | 'unclear' | 'hopeless';
  /** The orchestrator's code for it; null where all is well. */
  readonly code: string | null;
}

const fine = { done: 'yes', heard: 'ok', code: null } as const;
const cut = { heard: 'unclear', code: 'connection-reset' } as const;
const silent = { heard: 'unclear', code: 'timed-out' } as const;

type Variants = readonly FaultFacts[];
/** Each side of the commit: how the kind can act there, or why it cannot. */
type Sides = Readonly<Record<Moment, Variants | string>>;

const kinds: Readonly<Record<Exclude<FaultKind, 'decline'>, Sides>> = {
  latency: {
    before: [
      { name: 'latency, short', settings: [`ms=${shortMs}`], ...fine },
      { name: 'latency, too long', settings: [`ms=${longMs}`], done: 'late', ...silent },
    ],
    after: '`drip` delays an answer after the commit.',
  },
  status: {
    before: [503, 404].map((status) => ({
      name: `status ${status}`,
      settings: [`status=${status}`],
      done: 'no',
      heard: status === 503 ? 'unclear' : 'hopeless',
      code: `status-${status}`,
    })),
    after: 'The fault answers instead of the service; after the commit, see `malformed`.',
  },
  hang: {
    before: [{ name: 'hang', settings: [], done: 'no', ...silent }],
    after: 'The fault keeps the request from the service; after the commit, see `lost-reply`.',
  },
  reset: {
    before: [{ name: 'reset', settings: [], done: 'no', ...cut }],
    after: 'After the commit, see `lost-reply`.',
  },
  'lost-reply': {
    before: 'Before the commit, see `reset`.',
    after: [{ name: 'lost-reply', settings: [], done: 'yes', ...cut }],
  },
  duplicate: {
    before: 'One write lock lets the copy in after the first is committed.',
    after: [{ name: 'duplicate', settings: [], ...fine }],
  },
  late: {
    before: [{ name: 'late', settings: [`ms=${lateMs}`], done: 'late', ...cut }],
    after: 'A request arrives before it is committed.',
  },
  malformed: {
    before: 'The answer comes after the commit.',
    after: [
      {
        name: 'malformed',
        settings: [],
        done: 'yes',
        heard: 'unclear',
        code: 'malformed-reply',
      },
    ],
  },
  drip: {
    before: 'The answer comes after the commit.',
    after: [
      { name: 'drip, short', settings: [`ms=${shortMs}`], ...fine },
      { name: 'drip, too long', settings: [`ms=${longMs}`], done: 'yes', ...silent },
    ],
  },
  crash: {
    before: [{ name: 'crash', settings: ['when=before'], done: 'no', ...cut }],
    after: [{ name: 'crash', settings: ['when=after'], done: 'yes', ...cut }],
  },
  overload: {
    before: [{ name: 'overload', settings: [], done: 'no', heard: 'unclear', code: 'status-429' }],
    after: 'The fault turns the request away; after the commit, see `malformed`.',
  },
};

/** How a kind can act at an operation on this side of its commit; or the reason why it cannot. */
export function listFaultFacts(
  operation: FaultOperation,
  kind: FaultKind,
  moment: Moment,
): Variants | string {
  if (kind !== 'decline') return kinds[kind][moment];
  if (moment === 'after') return 'The fence replays the answer of what is done.';
  return listDeclineCodes(findFaultContract(operation)).map((code) => ({
    name: `decline ${code}`,
    settings: [`code=${code}`],
    done: 'no',
    heard: 'refused',
    code,
  }));
}
