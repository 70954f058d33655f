import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ok, type Reply, refused } from '../core/reply.ts';
import type { Call } from '../fixtures/cast.ts';
import { createOrderBench, order } from '../fixtures/order.ts';
import { watchRest } from '../fixtures/rest-watch.ts';
import { createMemoryJournal } from '../testing/memory-journal.ts';
import { createVirtualClock } from '../testing/virtual-clock.ts';
import { createEngine } from './embedded-engine.ts';
import type { Engine } from './engine.ts';

const ids = ['o0', 'o1', 'o2', 'o3', 'o4', 'o5', 'o6', 'o7'];
const replies = {
  well: ok(1),
  down: { reply: 'unsent', code: 'connection-refused' },
  lost: { reply: 'unknown', code: 'reset', retryAfterMs: 700 },
  refused: refused('declined'),
} satisfies Record<string, Reply<unknown>>;
const lost: Reply<never> = { reply: 'unknown', code: 'timed-out' };

const limits = fc.record({
  concurrencyMax: fc.integer({ min: 1, max: 4 }),
  callsMax: fc.integer({ min: 1, max: 3 }),
});
const act = fc.oneof(
  { weight: 3, arbitrary: fc.record({ type: fc.constant('come' as const) }) },
  {
    weight: 6,
    arbitrary: fc.record({
      type: fc.constant('end' as const),
      which: fc.nat(7),
      how: fc.constantFrom(...(Object.keys(replies) as (keyof typeof replies)[])),
    }),
  },
  fc.record({ type: fc.constantFrom('cancel' as const, 'retry' as const), which: fc.nat(7) }),
  fc.record({ type: fc.constant('pass' as const), ms: fc.constantFrom(1, 100, 1_000, 3_000) }),
);
type Act = typeof act extends fc.Arbitrary<infer A> ? A : never;

type Limits = typeof limits extends fc.Arbitrary<infer L> ? L : never;

interface Held {
  readonly call: Call;
  end(reply: Reply<unknown>): void;
}

/** Runs that come to a house with few places, and whose calls end as the test says, in its order. */
class Visitors {
  readonly violations: string[] = [];
  readonly #clock = createVirtualClock();
  readonly #bench = createOrderBench();
  readonly #limits: Limits;
  #held: Held[] = [];
  #isWell = false;
  #came = 0;

  constructor(few: Limits) {
    this.#limits = few;
    this.#bench.answer = (call) => this.#hold(call);
  }

  async play(acts: readonly Act[]): Promise<void> {
    const engine = await createEngine({
      ...this.#limits,
      journal: createMemoryJournal(),
      sagas: [this.#bench.saga],
      clock: this.#clock,
      random: () => 0.5,
      drainPerSecond: 20,
      breaker: { failuresMin: 2 },
      onBug: (error) => this.violations.push(String(error)),
    });
    engine.feed.subscribe(() => this.#check(engine));
    for (const next of acts) {
      await this.#take(engine, next);
      await this.#check(engine);
    }
    await this.#heal(engine);
    await engine.stop();
  }

  async #take(engine: Engine, next: Act): Promise<void> {
    if (next.type === 'come') await this.#come(engine);
    if (next.type === 'end') this.#end(next.which, replies[next.how]);
    if (next.type === 'cancel') void engine.cancel(ids[next.which] ?? '', 'enough');
    if (next.type === 'retry') void engine.retry(ids[next.which] ?? '', 'hurry');
    if (next.type === 'pass') await this.#pass(next.ms);
    else await this.#clock.run(() => true);
  }

  async #come(engine: Engine): Promise<void> {
    const id = ids[this.#came++];
    if (id !== undefined) await engine.submit(this.#bench.saga, order, { id });
  }

  #hold(call: Call): Reply<unknown> | Promise<Reply<unknown>> {
    if (this.#isWell) return ok(1);
    const { promise, resolve } = Promise.withResolvers<Reply<unknown>>();
    const held: Held = {
      call,
      end: (reply) => {
        this.#held = this.#held.filter((other) => other !== held);
        resolve(reply);
      },
    };
    this.#held.push(held);
    // Before its time is over, or the engine would leave it behind.
    this.#clock.setTimer(2_900, () => held.end(lost));
    this.#checkCalls();
    return promise;
  }

  #end(which: number, reply: Reply<unknown>): void {
    this.#held[which % Math.max(1, this.#held.length)]?.end(reply);
  }

  #checkCalls(): void {
    const { callsMax, concurrencyMax } = this.#limits;
    const calls = this.#held.map(({ call }) => call.what.split(' '));
    if (calls.length > concurrencyMax) this.violations.push(`${calls.length} calls at once`);
    for (const [participant, group] of Map.groupBy(calls, ([, way = '']) => way)) {
      const undos = group.filter(([direction]) => direction === 'undo').length;
      if (group.length > callsMax) this.violations.push(`${group.length} calls of ${participant}`);
      if (undos > Math.max(1, callsMax - 1))
        this.violations.push(`${undos} undos at ${participant}`);
    }
  }

  async #check(engine: Engine): Promise<void> {
    const [{ moving }, views] = await Promise.all([engine.counts(), engine.participants()]);
    if (moving > this.#limits.concurrencyMax) this.violations.push(`${moving} runs move at once`);
    for (const { participant, inFlight } of views)
      if (inFlight > this.#limits.callsMax)
        this.violations.push(`${inFlight} permits of ${participant}`);
  }

  async #pass(ms: number): Promise<void> {
    const end = this.#clock.now() + ms;
    this.#clock.setTimer(ms, () => {});
    await this.#clock.run(() => this.#clock.now() >= end);
  }

  /** All is well from now on: nobody may be left who waits. */
  async #heal(engine: Engine): Promise<void> {
    this.#isWell = true;
    for (const { end } of [...this.#held]) end(ok(1));
    await this.#clock.run(watchRest(engine, ids.slice(0, this.#came)), 1_200_000);
    const [counts, views] = await Promise.all([engine.counts(), engine.participants()]);
    expect(counts).toMatchObject({ moving: 0, queued: 0, open: 0 });
    for (const { inFlight, waiting, parked, participant } of views)
      if (inFlight + waiting + parked > 0) this.violations.push(`${participant} still holds runs`);
  }
}

test('no limit is passed, and whoever waits goes on once all is well, whatever happened before', async () => {
  await fc.assert(
    fc.asyncProperty(
      limits,
      fc.array(act, { minLength: 10, maxLength: 60, size: 'max' }),
      async (few, acts) => {
        const visitors = new Visitors(few);
        await visitors.play(acts);
        expect(visitors.violations).toEqual([]);
      },
    ),
    { numRuns: 150 },
  );
});
