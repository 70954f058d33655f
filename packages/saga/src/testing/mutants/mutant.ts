/** A known bug, as a small wrapper round what a test plays with: it survives any change of what it wraps. */
export interface Mutant<T> {
  readonly bug: string;
  readonly mutate: (inner: T) => T;
  /** Each of them must notice. */
  readonly caughtBy: readonly Check[];
}
/** Of the tests of a file those whose name this fits: one of them must fail. */
export interface Check {
  readonly file: string;
  readonly named: string;
}

/** The same, but for these; whatever the rest of it may be, and classes included. */
export const override = <T extends object>(inner: T, changes: Partial<T> = {}): T =>
  new Proxy(inner, {
    get(target, name) {
      const value = Reflect.get(Object.hasOwn(changes, name) ? changes : target, name);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });

const engineSuites = 'packages/saga/src/embedded/embedded-engine.test';
/** Each host must notice: a mutant that one of them hides is a hole in its suites. */
export const onEachHost = (named: string): Check[] =>
  ['in memory', 'on SQLite'].map((host) => ({
    file: engineSuites,
    named: `${host}.*${named}`,
  }));
export const onEachJournal = (named: string): Check[] => [
  { file: 'packages/saga/src/testing/memory-journal.test', named },
  { file: 'packages/saga/src/journal/sqlite-journal.test', named },
];
/** Told to their end, and with a crash at each point. Not the random ones: what must be noticed must be so each time. */
export const byStories: Check[] = byStory('a crash at whatever point');
export function byStory(named: string): Check[] {
  return [{ file: 'packages/saga/src/embedded/crash.test', named }];
}
/** The same on a cluster, which has no journal to be wrapped. */
export const byStoriesOnEachHost: Check[] = byStoryOnEachHost('a crash at whatever point');
export function byStoryOnEachHost(named: string): Check[] {
  return [...byStory(named), { file: 'packages/saga-restate/src/crash.test', named }];
}
