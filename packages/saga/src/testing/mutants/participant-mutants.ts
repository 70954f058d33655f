import { ok, type Reply, refused } from '../../core/reply.ts';
import type { Call, Participant } from '../../fixtures/cast.ts';
import { byStoriesOnEachHost, type Mutant, override } from './mutant.ts';

const isUndo = ({ what }: Call): boolean => what.startsWith('undo');

/** What happens before the participant looks at a call; a reply of its own takes the place of the participant's. */
const before =
  (act: (call: Call, rows: Participant['rows']) => Reply<unknown> | undefined) =>
  (inner: Participant): Participant =>
    override(inner, {
      receive: (call, declines) => act(call, inner.rows) ?? inner.receive(call, declines),
    });

const after =
  (act: (call: Call, rows: Participant['rows']) => void) =>
  (inner: Participant): Participant =>
    override(inner, {
      receive: (call, declines) => {
        const reply = inner.receive(call, declines);
        act(call, inner.rows);
        return reply;
      },
    });

export const participantMutants = {
  'participant-leaves-no-tombstone': {
    bug: 'An undo that comes first leaves no tombstone',
    mutate: after(({ key }, rows) => {
      if (rows.get(key)?.state === 'tombstone') rows.delete(key);
    }),
    caughtBy: byStoriesOnEachHost,
  },
  'participant-drops-a-tombstone': {
    bug: 'A late request removes the tombstone, and is done',
    mutate: before((call, rows) => {
      if (!isUndo(call) && rows.get(call.key)?.state === 'tombstone') rows.delete(call.key);
      return undefined;
    }),
    caughtBy: byStoriesOnEachHost,
  },
  'participant-forgets-an-undo': {
    bug: 'A late request does again what was undone',
    mutate: before((call, rows) => {
      if (!isUndo(call) && rows.get(call.key)?.state === 'undone') rows.delete(call.key);
      return undefined;
    }),
    caughtBy: byStoriesOnEachHost,
  },
  'participant-has-no-fence': {
    bug: 'What is asked again under the same key is done again',
    mutate: before((call, rows) => {
      const row = rows.get(call.key);
      if (!isUndo(call) && row?.state === 'done') row.effects += 1;
      return undefined;
    }),
    caughtBy: byStoriesOnEachHost,
  },
  'participant-undoes-again': {
    bug: 'An undo that is asked again undoes again',
    mutate: before((call, rows) => {
      const row = rows.get(call.key);
      if (isUndo(call) && row?.state === 'undone') row.undos += 1;
      return undefined;
    }),
    caughtBy: byStoriesOnEachHost,
  },
  'participant-promises-an-undo': {
    bug: 'An undo is acknowledged, and not made',
    mutate: before((call) => (isUndo(call) ? ok(null) : undefined)),
    caughtBy: byStoriesOnEachHost,
  },
  'participant-refuses-what-it-did': {
    bug: 'What was done before is refused when it is asked again',
    mutate: before((call, rows) =>
      !isUndo(call) && rows.get(call.key)?.state === 'done' ? refused('exists') : undefined,
    ),
    caughtBy: byStoriesOnEachHost,
  },
  'participant-forgets-a-refusal': {
    bug: 'A refusal is not remembered',
    mutate: after(({ key }, rows) => {
      if (rows.get(key)?.state === 'refused') rows.delete(key);
    }),
    caughtBy: byStoriesOnEachHost,
  },
} as const satisfies Readonly<Record<string, Mutant<Participant>>>;
