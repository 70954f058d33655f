import { afterEach, beforeEach, expect } from 'vitest';
import { isSettled } from '../../core/status.ts';
import { createEngine } from '../../embedded/embedded-engine.ts';
import type { Engine, EngineOptions, RunView } from '../../embedded/engine.ts';
import { type Crashable, createCrashable } from '../../fixtures/crash.ts';
import { createOrderBench, type OrderBench, order } from '../../fixtures/order.ts';
import { mutateEngine, mutateJournal, mutateOptions } from '../mutants/planted.ts';
import { createVirtualClock, type VirtualClock } from '../virtual-clock.ts';
import type { JournalHouse } from './journal-suite.ts';

interface Scenery {
  readonly house: JournalHouse;
  readonly clock: VirtualClock;
  readonly bench: OrderBench;
  readonly bugs: unknown[];
}
interface Cast {
  readonly process: Crashable;
  readonly engine: Engine;
}

/** An engine that can crash, on a journal that outlives it: set up anew for each test of the suite that asks for it. */
export function useEngineStage(createHouse: () => JournalHouse) {
  let scenery: Scenery;
  let cast: Cast;

  const start = async (options: Partial<EngineOptions> = {}): Promise<void> => {
    const { house, clock, bench, bugs } = scenery;
    const process = createCrashable(await house.open());
    const engine = await createEngine(
      mutateOptions({
        journal: mutateJournal(process.journal),
        sagas: [bench.saga],
        clock,
        random: () => 0.5,
        onBug: (error) => bugs.push(error),
        ...options,
      }),
    );
    cast = { process, engine: mutateEngine(engine) };
  };
  const crash = (): void => {
    cast.process.crash();
    scenery.clock.clear();
    cast.process.journal.close();
  };
  const view = async (id: string): Promise<RunView> => {
    const found = await cast.engine.read(id);
    if (!found) throw new Error(`${id} is not known`);
    return found;
  };

  const views = (ids: readonly string[]): Promise<RunView[]> => Promise.all(ids.map(view));
  const read = (id: string): Promise<RunView | undefined> => cast.engine.read(id);

  beforeEach(async () => {
    scenery = {
      house: createHouse(),
      clock: createVirtualClock(),
      bench: createOrderBench(),
      bugs: [],
    };
    await start();
  });
  afterEach(() => {
    crash();
    scenery.house.remove();
    expect(scenery.bugs).toEqual([]);
  });

  return {
    get house() {
      return scenery.house;
    },
    get clock() {
      return scenery.clock;
    },
    get bench() {
      return scenery.bench;
    },
    get bugs() {
      return scenery.bugs;
    },
    get process() {
      return cast.process;
    },
    get engine() {
      return cast.engine;
    },
    /** The journal of the test's engine: an embedding program hears of it through the engine only. */
    get journal() {
      return cast.process.journal;
    },
    start,
    crash,
    view,
    views,
    async restart(options: Partial<EngineOptions> = {}): Promise<void> {
      crash();
      await start(options);
    },
    async submit(id: string): Promise<void> {
      const accepted = { type: 'accepted', id };
      expect(await cast.engine.submit(scenery.bench.saga, order, { id })).toEqual(accepted);
    },
    settle: (...ids: string[]): Promise<void> =>
      scenery.clock.run(async () => (await views(ids)).every(({ state }) => isSettled(state))),
    called: (what: string): Promise<void> =>
      scenery.clock.run(() => scenery.bench.calls.some((call) => call.what === what)),
    done: (): string[] => scenery.bench.calls.map(({ what }) => what),
    types: async (id: string): Promise<string[]> => (await view(id)).events.map(({ type }) => type),
    /** The runs that have an event of this type. */
    having: async (ids: readonly string[], what: string): Promise<string[]> =>
      (await views(ids)).flatMap(({ id, events }) =>
        events.some(({ type }) => type === what) ? [id] : [],
      ),
    /** Until it was pruned. */
    gone: (id: string): Promise<void> =>
      scenery.clock.run(async () => (await read(id)) === undefined),
    /** Until its events have one of this type. */
    noted: (id: string, what: string): Promise<void> =>
      scenery.clock.run(async () => (await view(id)).events.some(({ type }) => type === what)),
  };
}
