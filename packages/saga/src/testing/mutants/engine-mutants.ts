import type { Engine, EngineOptions } from '../../embedded/engine.ts';
import { createSettled } from '../../embedded/settled.ts';
import { type Mutant, onEachHost, override } from './mutant.ts';

export const engineMutants = {
  'engine-acknowledges-before-the-commit': {
    bug: 'A run is acknowledged before its commit',
    mutate: (inner) =>
      override(inner, {
        submit: async (saga, input, options = {}) => {
          const { id = 'run_early' } = options;
          void inner.submit(saga, input, { ...options, id });
          return { type: 'accepted', id };
        },
      }),
    caughtBy: onEachHost('is not acknowledged, nor begun, before it is durable'),
  },
  'engine-ignores-the-fingerprint': {
    bug: 'A run under a known id is the old one, whatever it asks for',
    mutate: (inner) =>
      override(inner, {
        submit: (saga, input, options) =>
          inner.submit(saga, input, { ...options, fingerprint: '' }),
      }),
    caughtBy: onEachHost('a conflict when it asks'),
  },
  'engine-takes-a-nudge-for-a-retry': {
    bug: 'A requeue gives an undo all its attempts again',
    mutate: (inner) => override(inner, { retry: (id, reason) => inner.retry(id, reason) }),
    caughtBy: onEachHost('that only requeues'),
  },
  'engine-forgets-a-cancellation': {
    bug: 'A cancellation is acknowledged, and nothing comes of it',
    mutate: (inner) => override(inner, { cancel: async () => 'cancel-requested' }),
    caughtBy: onEachHost('wakes a run that waits for its next attempt'),
  },
  'engine-settles-too-early': {
    bug: 'A run is shown as settled before it is',
    mutate: (inner) => override(inner, { settled: createSettled((id) => inner.readState(id)) }),
    caughtBy: [...onEachHost('gets the settled state'), ...onEachHost('is told of no end before')],
  },
  'engine-drops-what-is-in-flight': {
    bug: 'A stop does not let the attempt in flight end',
    mutate: (inner) =>
      override(inner, {
        stop: async () => {
          void inner.stop();
        },
      }),
    caughtBy: onEachHost('lets the attempt in flight end'),
  },
} as const satisfies Readonly<Record<string, Mutant<Engine>>>;

const change =
  (changes: Partial<EngineOptions>) =>
  (options: EngineOptions): EngineOptions => ({ ...options, ...changes });

export const optionsMutants = {
  'engine-accepts-without-a-limit': {
    bug: 'Runs are accepted without a limit',
    mutate: change({ openMax: 1e9 }),
    caughtBy: onEachHost('too many runs are open'),
  },
  'engine-calls-without-a-limit': {
    bug: 'A participant is called by any number at once',
    mutate: change({ callsMax: 1e9 }),
    caughtBy: onEachHost('are never more than the limit, and do not hold up'),
  },
  'engine-runs-without-a-limit': {
    bug: 'Any number of runs move at once',
    mutate: change({ concurrencyMax: 1e9 }),
    caughtBy: onEachHost('are never more than the limit, and waiting runs hold none'),
  },
  'engine-drains-all-at-once': {
    bug: 'All parked runs go on in the moment in which the breaker closes',
    mutate: change({ drainPerSecond: 1e9 }),
    caughtBy: onEachHost('at a bounded rate'),
  },
  'engine-has-no-breaker': {
    bug: 'However often a participant fails, it is called',
    mutate: change({ breaker: { failuresMin: 1e9 } }),
    caughtBy: onEachHost('parks the steps of its participant'),
  },
  'engine-keeps-everything': {
    bug: 'What ended long ago is kept for ever',
    mutate: change({ keepMs: 1e15 }),
    caughtBy: onEachHost('forgets what ended long ago'),
  },
} as const satisfies Readonly<Record<string, Mutant<EngineOptions>>>;
