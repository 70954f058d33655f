/** Ends an orchestrator of this process at a chosen point, as `kill -9` would: nothing of it runs on. */
import type { Journal } from '@baton/saga';
import type { Trouble } from './wire.ts';

export interface Crasher {
  readonly isDown: () => boolean;
  /** Points passed so far: before and after each append and each call. */
  readonly count: () => number;
  wrapJournal(journal: Journal): Journal;
  wrapTrouble(trouble: Trouble): Trouble;
}

const never = (): Promise<never> => new Promise(() => {});

export function createCrasher(crashAt: number): Crasher {
  let count = 0;
  let isDown = false;
  const pass = async (): Promise<void> => {
    if (isDown) await never();
    count += 1;
    if (count !== crashAt) return;
    isDown = true;
    await never();
  };
  const between = async <T>(work: () => Promise<T>): Promise<T> => {
    await pass();
    const result = await work();
    await pass();
    return result;
  };
  return {
    isDown: () => isDown,
    count: () => count,
    wrapJournal: (journal) =>
      new Proxy(journal, { get: (target, name) => readMember(target, name, between) }),
    wrapTrouble: (trouble) => (call, deliver) => between(() => trouble(call, deliver)),
  };
}

type Between = <T>(work: () => Promise<T>) => Promise<T>;

function readMember(journal: Journal, name: string | symbol, between: Between): unknown {
  if (name === 'append')
    return (entry: Parameters<Journal['append']>[0]) => between(() => journal.append(entry));
  const member: unknown = Reflect.get(journal, name, journal);
  return typeof member === 'function' ? member.bind(journal) : member;
}
