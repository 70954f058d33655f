import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isPastPivot } from '../core/decide.ts';
import { replay } from '../core/history.ts';
import type { Reply } from '../core/reply.ts';
import { isSettled } from '../core/status.ts';
import type { Call } from '../fixtures/cast.ts';
import { type Crashable, createCrashable } from '../fixtures/crash.ts';
import { createOrderBench, order } from '../fixtures/order.ts';
import { createWorld, fates, type Script, type World } from '../fixtures/world.ts';
import { createMemoryJournal, createMemoryStore } from '../testing/memory-journal.ts';
import { createVirtualClock } from '../testing/virtual-clock.ts';
import { createEngine } from './embedded-engine.ts';
import type { Engine, RunView } from './engine.ts';

const ids = ['o1', 'o2', 'o3', 'o4', 'o5'];
const id = fc.constantFrom(...ids);
const act = fc.oneof(
  fc.record({ type: fc.constantFrom('cancel', 'retry', 'skip'), id }),
  fc.record({ type: fc.constant('crash'), id }),
  { weight: 3, arbitrary: fc.record({ type: fc.constant('pass'), id, ms: fc.nat(5_000) }) },
);
type Act = { readonly type: string; readonly id: string; readonly ms?: number };
const fate = fc.array(fc.constantFrom(...fates), { maxLength: 20 });
const script: fc.Arbitrary<Script> = fc.record({
  'forward reserve': fate,
  'forward pay': fate,
  'forward pay:alt': fate,
  'forward mail': fate,
  'undo reserve': fate,
  'undo pay': fate,
  'undo pay:alt': fate,
});

const never = new Promise<never>(() => {});
const tight = { callsMax: 2, concurrencyMax: 3, breaker: { failuresMin: 2 } };

/** Some orders at once, in a house with few places, through whatever is done to them. */
class Crowd {
  readonly violations: string[] = [];
  readonly #world: World;
  readonly #hangs: ReadonlySet<number>;
  readonly #store = createMemoryStore();
  readonly #clock = createVirtualClock();
  readonly #bench = createOrderBench();
  #process: Crashable | null = null;
  #engine: Engine | null = null;
  #calls = 0;

  constructor(given: Script, hangs: readonly number[]) {
    this.#world = createWorld(given);
    this.#hangs = new Set(hangs);
    this.#bench.answer = (call) => this.#answer(call);
  }

  async start(): Promise<void> {
    const process = createCrashable(createMemoryJournal(this.#store));
    this.#process = process;
    this.#engine = await createEngine({
      ...tight,
      journal: process.journal,
      sagas: [this.#bench.saga],
      clock: this.#clock,
      onBug: (error) => this.violations.push(String(error)),
    });
    for (const name of ids) await this.#engine.submit(this.#bench.saga, order, { id: name });
  }

  async take({ type, id: name, ms = 0 }: Act): Promise<void> {
    if (type === 'cancel') void this.#engine?.cancel(name, 'enough');
    if (type === 'retry') void this.#engine?.retry(name, 'again');
    if (type === 'skip') void this.#engine?.skip(name, 'mail', 'not needed');
    if (type === 'pass') await this.#pass(ms);
    if (type !== 'crash') return;
    this.#process?.crash();
    this.#process = null;
    // What was handed to the journal before may still arrive there.
    await new Promise((resolve) => setImmediate(resolve));
    this.#clock.clear();
    await this.start();
  }

  /** Participants answer again: everything ends, without an operator. */
  async end(): Promise<void> {
    const isAtRest = ({ state, next }: RunView): boolean =>
      state.isQuarantined || (isSettled(state) && next?.type === 'rest');
    await this.#clock.run(async () => (await this.#views()).every(isAtRest), 7_200_000);
    this.#world.deliverLate();
    for (const { inFlight, waiting, parked, participant } of (await this.#engine?.participants()) ??
      [])
      if (inFlight + waiting + parked > 0) this.violations.push(`${participant} still holds runs`);
    await this.#engine?.stop();
    for (const name of ids) this.#judge(name);
  }

  #views(): Promise<RunView[]> {
    return Promise.all(
      ids.map(async (name) => {
        const view = await this.#engine?.read(name);
        if (!view) throw new Error(`${name} is lost`);
        return view;
      }),
    );
  }

  async #pass(ms: number): Promise<void> {
    const end = this.#clock.now() + ms;
    this.#clock.setTimer(ms, () => {});
    await this.#clock.run(() => this.#clock.now() >= end);
  }

  #answer(call: Call): Reply<unknown> | Promise<never> {
    if (!this.#process) return never;
    const { run, what } = call;
    const state = replay(createMemoryJournal(this.#store).read(run)?.events ?? []);
    if (what.startsWith('undo') && isPastPivot(this.#bench.saga, state))
      this.violations.push(`${run}: ${what} past the pivot`);
    if (what.startsWith('forward') && !['forward', 'completed'].includes(state.phase))
      this.violations.push(`${run}: ${what} while ${state.phase}`);
    if (what === 'forward pay:alt' && this.#world.live().includes(`${run}:pay`))
      this.violations.push(`${run}: ${what} while the first payment is there`);
    const reply = this.#world.answer(call);
    return this.#hangs.has(this.#calls++) ? never : reply;
  }

  #judge(name: string): void {
    const events = createMemoryJournal(this.#store).read(name)?.events ?? [];
    const { phase, isQuarantined } = replay(events);
    const rows = [...this.#world.rows].filter(([key]) => key.startsWith(`${name}:`));
    if (rows.some(([, { effects, undos }]) => effects > 1 || undos > 1))
      this.violations.push(`${name}: an effect more than once`);
    const live = rows.filter(([, { state }]) => state === 'done').map(([key]) => key);
    const pays = live.filter((key) => key.includes(':pay')).length;
    const isWhole =
      phase === 'completed' ? pays === 1 && live.includes(`${name}:reserve`) : live.length === 0;
    if (!isWhole && !isQuarantined) this.violations.push(`${name}: ${phase} with ${live}`);
  }
}

test('orders beside each other end whole, whatever happens to them and to the process', async () => {
  await fc.assert(
    fc.asyncProperty(
      script,
      fc.uniqueArray(fc.nat(60), { maxLength: 12 }),
      fc.array(act, { maxLength: 25 }),
      async (given, hangs, acts) => {
        const crowd = new Crowd(given, hangs);
        await crowd.start();
        for (const next of acts) await crowd.take(next);
        await crowd.end();
        expect(crowd.violations).toEqual([]);
      },
    ),
    { numRuns: 100 },
  );
});
