/** Ends an orchestrator of this process at a chosen point, as `kill -9` would: nothing of it runs on. */
import type { Clock, Journal } from '@baton/saga';
import type { Trouble } from './wire.ts';

export interface Crasher {
  readonly isDown: () => boolean;
  /** Points passed so far: before and after each append and each call. */
  readonly count: () => number;
  /** Passes a further point. True once the orchestrator is down. */
  readonly passes: () => boolean;
  wrapJournal(journal: Journal): Journal;
  wrapTrouble(trouble: Trouble): Trouble;
}

const never = (): Promise<never> => new Promise(() => {});

/** A disk takes its time: it reveals code that does not wait for a commit. */
const commitMs = 2;

export function createCrasher(crashAt: number, clock: Clock): Crasher {
  let count = 0;
  let isDown = false;
  function passes(): boolean {
    if (isDown) return true;
    count += 1;
    isDown = count === crashAt;
    return isDown;
  }
  const pass = async (): Promise<void> => {
    if (passes()) await never();
  };
  const between = async <T>(work: () => Promise<T>): Promise<T> => {
    await pass();
    const result = await work();
    await pass();
    return result;
  };
  const append = (journal: Journal, entry: Entry): Promise<number> =>
    between(async () => {
      await new Promise<void>((resolve) => clock.setTimer(commitMs, resolve));
      return isDown ? never() : journal.append(entry);
    });
  return {
    isDown: () => isDown,
    count: () => count,
    passes,
    wrapJournal: (journal) =>
      new Proxy(journal, { get: (target, name) => readMember(target, name, append) }),
    wrapTrouble: (trouble) => (call, deliver) => between(() => trouble(call, deliver)),
  };
}

type Entry = Parameters<Journal['append']>[0];
type SlowAppend = (journal: Journal, entry: Entry) => Promise<number>;

function readMember(journal: Journal, name: string | symbol, append: SlowAppend): unknown {
  if (name === 'append') return (entry: Entry) => append(journal, entry);
  const member: unknown = Reflect.get(journal, name, journal);
  return typeof member === 'function' ? member.bind(journal) : member;
}
