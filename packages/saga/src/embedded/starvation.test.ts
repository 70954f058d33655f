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

const lost: Reply<never> = { reply: 'unknown', code: 'reset' };
const callMs = 10;

/** What becomes of a run whose end is watched, and how it is called: by its priority while it waits. */
const plights = {
  new: () => ok(1),
  'in-flight': ({ what, number }: Call) => (what === 'forward pay' && number < 3 ? lost : ok(1)),
  undo: ({ what, number }: Call) => {
    if (what === 'forward pay') return refused('declined');
    return what === 'undo reserve' && number < 4 ? lost : ok(1);
  },
  repair: ({ what, number }: Call) => (what === 'forward mail' && number < 5 ? lost : ok(1)),
} satisfies Record<string, (call: Call) => Reply<unknown>>;
type Plight = keyof typeof plights;

const watched = fc.array(fc.constantFrom(...(Object.keys(plights) as Plight[])), {
  minLength: 1,
  maxLength: 8,
});
const limits = fc.record({
  concurrencyMax: fc.integer({ min: 1, max: 3 }),
  callsMax: fc.integer({ min: 1, max: 3 }),
});
/** New runs that wait at any time, and how many of all new ones must be undone. */
const stream = fc.record({
  backlog: fc.integer({ min: 1, max: 6 }),
  declinedOf: fc.constantFrom(0, 1, 2, 5),
});

interface Given {
  readonly plights: readonly Plight[];
  readonly limits: typeof limits extends fc.Arbitrary<infer L> ? L : never;
  readonly stream: typeof stream extends fc.Arbitrary<infer S> ? S : never;
}

/** Calls of others until all that are watched have ended, while new work never stops to come. */
async function countServices(given: Given, servicesMax: number): Promise<number> {
  const clock = createVirtualClock();
  const bench = createOrderBench();
  const bugs: unknown[] = [];
  const engine = await createEngine({
    ...given.limits,
    journal: createMemoryJournal(),
    sagas: [bench.saga],
    clock,
    random: () => 0.5,
    breaker: { failuresMin: 1_000 },
    onBug: (error) => bugs.push(error),
  });
  let services = 0;
  bench.answer = async (call) => {
    await new Promise<void>((resolve) => clock.setTimer(callMs, resolve));
    const [kind, plight] = call.run.split(' ');
    if (kind === 'watched') return plights[plight as Plight](call); // as they are named below
    services += 1;
    return plight === 'declined' ? plights.undo(call) : ok(1);
  };
  const ids = given.plights.map((plight, index) => `watched ${plight} ${index}`);
  for (const id of ids) await engine.submit(bench.saga, order, { id });
  const areAtRest = watchRest(engine, ids);
  let hasEnded = false;
  keepComing(engine, given, () => hasEnded);
  await clock.run(async () => {
    hasEnded = await areAtRest();
    return hasEnded || services > servicesMax;
  });
  expect(bugs).toEqual([]);
  return services;

  function keepComing(
    host: Engine,
    { stream: { backlog, declinedOf } }: Given,
    isOver: () => boolean,
  ) {
    let came = 0;
    const come = (): void => {
      const plight = declinedOf > 0 && came % declinedOf === 0 ? 'declined' : 'well';
      came += 1;
      const id = `stream ${plight} ${came}`;
      void host.submit(bench.saga, order, { id }).then(async () => {
        await host.settled(id);
        if (!isOver()) come();
      });
    };
    for (let count = 0; count < backlog + given.limits.concurrencyMax; count++) come();
  }
}

const servicesMax = 1_500;

test('every run ends, whatever its priority, within so many services of others', async () => {
  await fc.assert(
    fc.asyncProperty(watched, limits, stream, async (some, few, coming) => {
      const services = await countServices(
        { plights: some, limits: few, stream: coming },
        servicesMax,
      );
      expect(services).toBeLessThan(servicesMax);
    }),
    {
      numRuns: 100,
      // In step with each other, two that moved left the permit to no one else.
      examples: [
        [['in-flight'], { concurrencyMax: 2, callsMax: 1 }, { backlog: 1, declinedOf: 0 }],
        [['repair'], { concurrencyMax: 1, callsMax: 1 }, { backlog: 1, declinedOf: 0 }],
      ],
    },
  );
});
