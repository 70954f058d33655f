/** A run moves in its own name: what happens in it is not seen under the request of another one. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ok, type Reply, refused } from '../core/reply.ts';
import type { Call } from '../fixtures/cast.ts';
import { createOrderBench, order } from '../fixtures/order.ts';
import { watchRest } from '../fixtures/rest-watch.ts';
import { createSqliteHouse } from '../fixtures/sqlite-house.ts';
import { createMemoryJournal } from '../testing/memory-journal.ts';
import type { JournalHouse } from '../testing/suites/journal-suite.ts';
import { createVirtualClock } from '../testing/virtual-clock.ts';
import { createEngine } from './embedded-engine.ts';

const lost: Reply<never> = { reply: 'unknown', code: 'reset' };
const down: Reply<never> = { reply: 'unsent', code: 'connection-refused' };
const ids = Array.from({ length: 30 }, (_, index) => `o${index}`);
const toNumber = (run: string): number => Number(run.slice(1));

const houses: readonly [string, () => JournalHouse][] = [
  ['in memory', () => ({ open: async () => createMemoryJournal(), remove: () => {} })],
  ['on SQLite', createSqliteHouse],
];

describe.each(houses)('on a journal %s', (_name, createHouse) => {
  let house: JournalHouse;
  beforeEach(() => {
    house = createHouse();
  });
  afterEach(() => house.remove());

  test.each([
    { concurrencyMax: 1 },
    { callsMax: 1 },
    { breaker: { failuresMin: 2, callsLookedAt: 4 } },
  ])(
    '%o: steps, listeners and those told of errors see the context of their run, or none',
    async (few) => {
      const context = new AsyncLocalStorage<string>();
      const strangers: string[] = [];
      const seen = new Set<string>();
      const look = (where: string, run: string): void => {
        seen.add(where);
        const found = context.getStore();
        if (found !== undefined && found !== run) strangers.push(`${where} of ${run} in ${found}`);
      };
      const clock = createVirtualClock();
      const bench = createOrderBench();
      bench.answer = async (call) => {
        look(call.what, call.run);
        await new Promise<void>((resolve) => clock.setTimer(5, resolve));
        look(`${call.what}, later`, call.run);
        return answer(call);
      };
      const engine = await createEngine({
        journal: await house.open(),
        sagas: [bench.saga],
        clock,
        onError: (_error, { run }) => look('onError', run),
        ...few,
      });
      engine.feed.subscribe(({ run, event }) => look(event.type, run));
      const ends = ids.map((id) =>
        context.run(id, async () => {
          await engine.submit(bench.saga, order, { id });
          const wish = toNumber(id) % 10;
          if (wish === 4) await context.run('operator', () => engine.cancel(id, 'enough'));
          if (wish === 6) await context.run('operator', () => engine.retry(id, 'hurry'));
          await engine.settled(id);
          // Whoever waits is itself again.
          return context.getStore();
        }),
      );
      await clock.run(watchRest(engine, ids));
      expect(await Promise.all(ends)).toEqual(ids);
      expect(strangers).toEqual([]);
      for (const where of ['forward pay', 'undo reserve', 'onError', 'accepted', 'compensated'])
        expect(seen).toContain(where);
      await engine.stop();
    },
  );
});

/** By its number, a run is declined, fails, throws, or is deferred and repaired. */
function answer({ run, what, number }: Call): Reply<unknown> {
  const kind = toNumber(run) % 5;
  if (kind === 0 && what === 'forward pay') return refused('declined');
  if (kind === 1 && what === 'forward reserve' && number === 1) throw new Error('a bug in a step');
  if (kind === 2 && what === 'forward mail' && number < 4) return lost;
  if (kind === 3 && what === 'forward reserve' && number === 1) return down;
  return ok(1);
}
