/** Audits in the background, now and then and when asked: a difference counts once a second audit finds it too. */
import { runUntraced } from '@baton/telemetry';
import type { Books } from '../books/books.ts';
import type { ObservedBooks, ObservedGap } from './watchdog-observation.ts';

const everyMs = 300_000;
/** Between a difference and the second look. */
const confirmMs = 5_000;
/** Pause before participants that did not answer an audit are asked again. */
const unreachableMs = 30_000;
const patienceMs = 600_000;
/** The first audit reads every order that is kept: it may take a twentieth of the time, however many they are. */
const share = 20;

/** So long, and so often without a verdict, is more than a participant that is away for a moment. */
const gapMs = 3 * everyMs;
const failuresMin = 3;

export interface BooksWatch {
  /** The latest verdict. Asks for the next audit when it is due. */
  look(): ObservedBooks | null;
  /** Null unless audits failed for several periods. */
  gap(): ObservedGap | null;
  /** What was learned is out of date: audit at once, unless the audit for a doubt before must rest. */
  doubt(): void;
}

export interface BooksOptions {
  readonly audit: Books['audit'];
  readonly now: () => number;
  /** An audit that failed says nothing of the books: the next one comes in its turn. */
  readonly onError: (error: unknown) => void;
}

export function createBooksWatch({ audit, now, onError }: BooksOptions): BooksWatch {
  let books: ObservedBooks | null = null;
  let dueAt = now() + everyMs;
  let isAuditing = false;
  let doubts = 0;
  /** Doubts up to this number had an audit, with no other doubt meanwhile. */
  let settledDoubts = 0;
  /** No doubt brings an audit forward past it. */
  let restsUntil = 0;
  const gap = createGap(now);
  const run = async (): Promise<void> => {
    const [at, doubted] = [now(), doubts];
    const said = await runUntraced(() => audit(AbortSignal.timeout(patienceMs)))
      .catch((error) => {
        gap.fail(at, 'it failed, as the log says');
        throw error;
      })
      .finally(() => {
        // The first doubt is audited at once. Where doubts do not end, their audits rest as all do.
        if (doubts > settledDoubts) restsUntil = now() + (now() - at) * share;
      });
    // What the audit read may be from before the doubt: the next audit, due after a rest, will tell.
    if (doubted !== doubts) return;
    settledDoubts = doubts;
    const restMs = (now() - at) * share;
    dueAt = now() + Math.max(unreachableMs, restMs);
    if (!said) return gap.fail(at, 'what is open could not be counted');
    const { differences } = said;
    // Books that were read may differ although others are away; that all balance takes every participant's answer.
    if (said.unreachable.length > 0 && differences.length === 0)
      return gap.fail(at, `${said.unreachable.join(', ')} did not answer`);
    gap.close(at);
    const isConfirmed = (books?.differences.length ?? 0) > 0 && differences.length > 0;
    books = { at, differences, isConfirmed };
    const isClear = differences.length === 0 || isConfirmed;
    dueAt = now() + Math.max(isClear ? everyMs : confirmMs, restMs);
  };
  return {
    look: () => {
      if (!isAuditing && now() >= Math.max(dueAt, restsUntil)) {
        isAuditing = true;
        dueAt = now() + everyMs;
        void run()
          .catch(onError)
          .finally(() => {
            isAuditing = false;
          });
      }
      return books;
    },
    gap: gap.read,
    doubt: () => {
      doubts += 1;
      books = null;
      dueAt = now();
    },
  };
}

/** How long there was no verdict, and why. */
function createGap(now: () => number) {
  let since = now();
  let failed = { count: 0, tookMs: 0, why: '' };
  return {
    fail: (at: number, why: string): void => {
      failed = { count: failed.count + 1, tookMs: now() - at, why };
    },
    close: (at: number): void => {
      since = at;
      failed = { count: 0, tookMs: 0, why: '' };
    },
    read: (): ObservedGap | null => {
      // After an audit that took this long, the next one does not come soon.
      const isLasting = failed.count >= failuresMin || failed.tookMs >= everyMs;
      return isLasting && now() - since >= gapMs ? { since, why: failed.why } : null;
    },
  };
}
