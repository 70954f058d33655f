import fc from 'fast-check';
import { expect, test } from 'vitest';
import { breakerDefaults } from './breaker.ts';
import type { Direction } from './event.ts';
import { Gate } from './gate.ts';
import { ok, type Reply } from './reply.ts';
import { createVirtualClock } from './testing/virtual-clock.ts';

const items = [0, 1, 2, 3, 4];
const replies = {
  well: ok(1),
  down: { reply: 'unsent', code: 'connection-refused' },
  lost: { reply: 'unknown', code: 'reset', retryAfterMs: 5_000 },
  nothing: null,
} satisfies Record<string, Reply<unknown> | null>;

const callsMax = fc.integer({ min: 1, max: 3 });
const item = fc.constantFrom(...items);
const step = fc.oneof(
  fc.record({
    type: fc.constant('come' as const),
    item,
    isUndo: fc.boolean(),
    isSlow: fc.boolean(),
  }),
  fc.record({
    type: fc.constant('end' as const),
    item,
    how: fc.constantFrom(...(Object.keys(replies) as (keyof typeof replies)[])),
  }),
  fc.record({ type: fc.constant('goElsewhere' as const), item }),
  fc.record({ type: fc.constant('pass' as const), ms: fc.constantFrom(100, 1_000, 3_000) }),
  fc.record({ type: fc.constant('hasten' as const) }),
);
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

/** Runs that come to one gate as the worker lets them: whoever is woken comes again, sooner or later. */
class Visitors {
  readonly clock = createVirtualClock();
  readonly gate: Gate<number>;
  readonly #leaves = new Map<number, (reply: Reply<unknown> | null) => void>();
  readonly #wishes = new Map<number, Direction>();
  readonly #woken = new Set<number>();
  #holdLate: (() => void) | null = null;

  readonly #callsMax: number;

  constructor(callsMax: number) {
    this.#callsMax = callsMax;
    this.gate = new Gate<number>(
      'shop',
      { callsMax, drainPerSecond: 10, breaker: { ...breakerDefaults, failuresMin: 1 } },
      {
        clock: this.clock,
        random: () => 0.5,
        wake: (woken) => this.#wake(woken),
        toId: String,
        onClosed: () => {},
      },
    );
  }

  async take(next: Step): Promise<void> {
    const holdLate = this.#holdLate;
    this.#holdLate = null;
    if (next.type === 'come') this.#come(next.item, next.isUndo ? 'undo' : 'forward', next.isSlow);
    if (next.type === 'end') this.#end(next.item, replies[next.how]);
    if (next.type === 'goElsewhere') this.#goElsewhere(next.item);
    if (next.type === 'hasten') this.gate.hasten();
    if (next.type === 'pass') await this.#pass(next.ms);
    holdLate?.();
    if (next.type !== 'come') this.#move();
    this.#check();
  }

  /** The participant is well from now on: nobody may be left who waits. */
  async heal(): Promise<void> {
    this.#holdLate?.();
    for (let seconds = 0; seconds < 60; seconds++) {
      for (const calling of [...this.#leaves.keys()]) this.#end(calling, ok(1));
      this.#move();
      await this.#pass(1_000);
    }
    expect([...this.#wishes.keys()]).toEqual([]);
    expect(this.gate.view()).toMatchObject({ inFlight: 0, parked: 0, waiting: 0 });
    expect(this.gate.read('undo').type).toBe('free');
  }

  #wake(woken: number): void {
    this.gate.forget(woken);
    this.#woken.add(woken);
  }

  /** Also a run that comes only to find no passage says so at once, and in vain only so often. */
  #move(): void {
    for (let moves = 0; this.#woken.size > 0; moves++) {
      expect(moves).toBeLessThan(50);
      const [next = 0] = this.#woken;
      this.#come(next, this.#wishes.get(next) ?? 'forward');
    }
  }

  #come(who: number, direction: Direction, isSlow = false): void {
    this.#woken.delete(who);
    if (this.#leaves.has(who)) return;
    this.#wishes.set(who, direction);
    this.gate.forget(who);
    const { type } = this.gate.read(direction, who);
    if (type !== 'free') {
      const hold = () => this.#hold(who, type, direction);
      if (isSlow) this.#holdLate = hold;
      else hold();
      return;
    }
    expect(this.gate.view().breaker).not.toBe('probing');
    this.#leaves.set(who, this.gate.enter(who, direction));
    expect(this.gate.view().breaker).not.toBe('open');
  }

  /** Whoever was woken between its look and its rest is held all the same, and looks again. */
  #hold(who: number, why: 'full' | 'parked', direction: Direction): void {
    if (this.#leaves.has(who) || !this.#wishes.has(who)) return;
    const isStirred = this.#woken.has(who);
    this.gate.hold(who, why, direction === 'undo' ? 'undo' : 'new');
    if (isStirred) this.#wake(who);
    else if (!this.#woken.has(who)) this.gate.release(who);
  }

  #end(who: number, reply: Reply<unknown> | null): void {
    const leave = this.#leaves.get(who);
    this.#leaves.delete(who);
    if (leave) this.#wishes.delete(who);
    leave?.(reply);
  }

  #goElsewhere(who: number): void {
    if (this.#leaves.has(who)) return;
    this.gate.forget(who);
    this.#woken.delete(who);
    this.#wishes.delete(who);
    this.gate.release(who);
  }

  async #pass(ms: number): Promise<void> {
    const end = this.clock.now() + ms;
    this.clock.setTimer(ms, () => {});
    await this.clock.run(() => {
      this.#move();
      return this.clock.now() >= end;
    });
  }

  #check(): void {
    const calling = [...this.#leaves.keys()];
    expect(calling.length).toBeLessThanOrEqual(this.#callsMax);
    expect(this.gate.view().inFlight).toBe(calling.length);
    const undos = calling.filter((who) => this.#wishes.get(who) === 'undo');
    expect(undos.length).toBeLessThanOrEqual(Math.max(1, this.#callsMax - 1));
  }
}

test('whoever is held goes on once the participant is well, within the limits, whatever happened before', async () => {
  await fc.assert(
    fc.asyncProperty(callsMax, fc.array(step, { maxLength: 40 }), async (places, steps) => {
      const visitors = new Visitors(places);
      for (const next of steps) await visitors.take(next);
      await visitors.heal();
    }),
    { numRuns: 300 },
  );
});
