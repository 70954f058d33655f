import type { Event } from '../../core/event.ts';
import { endlessMs } from '../../core/rest.ts';
import type { Journal, Notice } from '../../journal/journal.ts';
import { byStories, byStory, type Mutant, onEachHost, onEachJournal, override } from './mutant.ts';

/** Acknowledges at once, under the position that it expects, and writes a turn later. */
function acknowledgeEarly(inner: Journal): Journal {
  let expected = 0;
  return override(inner, {
    append: async (entry) => {
      const position = Math.max(expected, inner.readLast()) + 1;
      expected = position + entry.events.length - 1;
      setImmediate(() => void inner.append(entry));
      return position;
    },
  });
}

const rewriteEvents = (rewrite: (event: Event) => Event) => (inner: Journal) =>
  override(inner, {
    append: (entry) => inner.append({ ...entry, events: entry.events.map(rewrite) }),
  });

function keepSecrets(inner: Journal): Journal {
  const kept = new Map<string, Readonly<Record<string, unknown>>>();
  return override(inner, {
    append: (entry) => {
      if (entry.submission) kept.set(entry.run, entry.submission.secrets);
      return inner.append(entry);
    },
    read: (run) => {
      const stored = inner.read(run);
      return stored && { ...stored, secrets: kept.get(run) ?? stored.secrets };
    },
  });
}

function keepNotices(inner: Journal): Journal {
  const kept: Notice[] = [];
  return override(inner, {
    addNotice: (notice) => {
      kept.unshift(notice);
      return inner.addNotice(notice);
    },
    readNotices: (limit) => kept.slice(0, limit),
  });
}

export const journalMutants = {
  'journal-acknowledges-before-the-commit': {
    bug: 'The journal says that something is stored before it is',
    mutate: acknowledgeEarly,
    caughtBy: [...byStories, ...onEachHost('not acknowledged, nor begun, before it is durable')],
  },
  'journal-takes-unknown-for-unsent': {
    bug: 'An attempt whose end was not seen is stored as never sent',
    mutate: rewriteEvents((event) =>
      event.type === 'step-unknown' ? { ...event, type: 'step-unsent' } : event,
    ),
    caughtBy: byStory('a cancellation at whatever point'),
  },
  'journal-forgets-when-the-next-attempt-is-due': {
    bug: 'The time of the next attempt is lost with the process',
    mutate: rewriteEvents((event) => ('retryAt' in event ? { ...event, retryAt: 0 } : event)),
    caughtBy: onEachHost('keeps the time of the next attempt'),
  },
  'journal-loses-the-last-event': {
    bug: 'What was written last is not there after a restart',
    mutate: (inner) =>
      override(inner, {
        read: (run) => {
          const stored = inner.read(run);
          return stored && { ...stored, events: stored.events.slice(0, -1) };
        },
      }),
    caughtBy: [...byStories, ...onEachJournal('reads the events of a run in order')],
  },
  'journal-forgets-what-is-due': {
    bug: 'Nobody finds the runs that are due',
    mutate: (inner) =>
      override(inner, { listDue: () => [], countDue: () => 0, nextDueAt: () => endlessMs }),
    caughtBy: [...byStories, ...onEachHost('asks again under the same key')],
  },
  'journal-forgets-repairs': {
    bug: 'Nobody finds the repairs that are due',
    mutate: (inner) =>
      override(inner, {
        listDue: (priority, now, limit) =>
          priority === 'repair' ? [] : inner.listDue(priority, now, limit),
      }),
    caughtBy: [...byStories, ...onEachHost('repairs deferred steps')],
  },
  'journal-forgets-submissions': {
    bug: 'What was submitted before is not known any more',
    mutate: (inner) => override(inner, { readSubmission: () => undefined }),
    caughtBy: onEachHost('is known when it comes again'),
  },
  'journal-vouches-for-a-crash': {
    bug: 'A crash is taken for a process that came to rest',
    mutate: (inner) => override(inner, { unseenTo: 0 }),
    caughtBy: [...byStories, ...onEachHost('marks the attempt whose end was not seen')],
  },
  'journal-vouches-for-nothing': {
    bug: 'A process that came to rest is taken for a crash',
    mutate: (inner) => override(inner, { unseenTo: inner.readLast() }),
    caughtBy: onEachHost('interrupts nothing'),
  },
  'journal-keeps-secrets': {
    bug: 'A secret stays in the journal after its run has settled',
    mutate: keepSecrets,
    caughtBy: onEachJournal('keeps secrets beside'),
  },
  'journal-loses-secrets': {
    bug: 'A restart does not find the secrets of an open run',
    mutate: (inner) =>
      override(inner, {
        read: (run) => {
          const stored = inner.read(run);
          return stored && { ...stored, secrets: {} };
        },
      }),
    caughtBy: [
      ...onEachJournal('keeps secrets beside'),
      ...onEachHost('reach the participants, also after a crash'),
    ],
  },
  'journal-keeps-all-notices': {
    bug: 'Notices are kept for ever',
    mutate: keepNotices,
    caughtBy: onEachJournal('keeps the newest thousand notices'),
  },
  'journal-forgets-who-waits': {
    bug: 'Nobody finds the runs that wait for a participant',
    mutate: (inner) => override(inner, { listWaiting: () => [] }),
    caughtBy: [
      ...onEachJournal('lists what waits for a participant'),
      ...onEachHost('lets one probe through at a time'),
      ...onEachHost('tried at once when the breaker closes'),
    ],
  },
  'journal-lists-all-that-waits': {
    bug: 'All that wait are listed at once, however many there are',
    mutate: (inner) =>
      override(inner, {
        listWaiting: (participant, kind, since) => inner.listWaiting(participant, kind, since, 1e9),
      }),
    caughtBy: onEachJournal('lists what waits for a participant'),
  },
  'journal-serves-the-youngest': {
    bug: 'Of what is due the youngest goes first',
    mutate: (inner) =>
      override(inner, {
        listDue: (...query) => inner.listDue(...query).toReversed(),
      }),
    caughtBy: onEachJournal('lists what is due by priority'),
  },
  'journal-reviews-nothing': {
    bug: 'What was set aside stays so, and what was due under another clock waits for it',
    mutate: (inner) => override(inner, { review: async () => {} }),
    caughtBy: [
      ...onEachJournal('sets aside what nobody can go on with'),
      ...onEachJournal('under a clock that is ahead'),
      ...onEachHost('not held up for longer than their longest delay by a clock'),
    ],
  },
  'journal-counts-no-runs': {
    bug: 'A restart takes all runs for ended',
    mutate: (inner) => override(inner, { countRuns: () => ({ open: 0, aside: 0 }) }),
    caughtBy: onEachJournal('sets aside what nobody can go on with'),
  },
  'journal-carries-nothing': {
    bug: 'What is carried of pruned runs is lost',
    mutate: (inner) => override(inner, { prune: (runs) => inner.prune(runs, undefined) }),
    caughtBy: [...onEachJournal('forgets a pruned run'), ...onEachHost('forgets what ended')],
  },
  'journal-believes-clocks': {
    bug: 'What a clock takes for old is pruned, whenever it ended',
    mutate: (inner) =>
      override(inner, {
        listPrunable: (settledBefore, _, limit) => inner.listPrunable(settledBefore, 1e9, limit),
      }),
    caughtBy: [
      ...onEachJournal('nothing as prunable that ended after a position'),
      ...onEachHost('believes no clock that a start finds far ahead'),
    ],
  },
  'journal-hides-what-was-pruned': {
    bug: 'A feed does not say that a part of it was pruned',
    mutate: (inner) =>
      override(inner, { readFeed: (after, limit) => inner.readKept(after, limit) }),
    caughtBy: onEachJournal('says so when a part of the feed was pruned'),
  },
} as const satisfies Readonly<Record<string, Mutant<Journal>>>;
