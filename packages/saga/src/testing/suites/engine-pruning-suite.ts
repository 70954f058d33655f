import { describe, expect, test } from 'vitest';
import { ok, type Reply } from '../../core/reply.ts';
import { toStatus } from '../../core/status.ts';
import type { EngineOptions } from '../../embedded/engine.ts';
import { order } from '../../fixtures/order.ts';
import type { Append } from '../../journal/journal.ts';
import { createVirtualClock } from '../virtual-clock.ts';
import { useEngineStage } from './engine-stage.ts';
import type { JournalHouse } from './journal-suite.ts';

const done: Append['rest'] = { dueAt: null, priority: 'new', waits: [], at: 1 };
const lost: Reply<never> = { reply: 'unknown', code: 'reset' };
const hourMs = 3_600_000;

/** What the embedded engine forgets, and when, on whatever journal. */
export function describeEnginePruning(name: string, createHouse: () => JournalHouse): void {
  describe(`the engine's pruning on a journal ${name}`, () => {
    const stage = useEngineStage(createHouse);

    test('forgets what ended long ago, carries its total, and resets the feed', async () => {
      const carry: EngineOptions['carry'] = (total, { phase }) =>
        Number(total ?? 0) + (phase === 'completed' ? 1 : 0);
      await stage.restart({ keepMs: 60_000, carry });
      await stage.submit('o1');
      await stage.submit('o2');
      await stage.settle('o1', 'o2');
      await stage.gone('o2');
      expect(stage.journal.readCarried()).toBe(2);
      expect(stage.journal.readFeed(0, 9)).toBeUndefined();
      expect(await stage.engine.submit(stage.bench.saga, order, { id: 'o1' })).toEqual({
        type: 'known',
        id: 'o1',
        prunedAs: 'completed',
      });
      await stage.submit('o3');
      await stage.clock.run(() => stage.journal.readCarried() === 3);
    });

    const live = (ms: number): Promise<void> => {
      const end = stage.clock.now() + ms;
      return stage.clock.run(() => stage.clock.now() > end, 2 * ms);
    };

    test('believes no clock that a start finds far ahead, and goes on when it has lived through the time', async () => {
      await stage.submit('o1');
      await stage.settle('o1');
      const wrong = createVirtualClock(stage.clock.now() + 60 * 24 * hourMs);
      const pruned: string[] = [];
      const onPruned = (runs: readonly string[]) => pruned.push(...runs);
      await stage.restart({ keepMs: hourMs, clock: wrong, onPruned });
      await wrong.run(() => wrong.now() > 57 * 60_000 + stage.clock.now() + 60 * 24 * hourMs);
      expect(await stage.engine.read('o1')).toBeDefined();
      expect(pruned).toEqual([]);
      await wrong.run(async () => (await stage.engine.read('o1')) === undefined, hourMs);
      expect(pruned).toEqual(['o1']);
    });

    test('believes no clock that jumps ahead while it lives', async () => {
      let ahead = 0;
      const now = (): number => stage.clock.now() + ahead;
      await stage.restart({ keepMs: hourMs, clock: { ...stage.clock, now } });
      await stage.submit('o1');
      await stage.settle('o1');
      await live(hourMs / 4);
      ahead = 60 * 24 * hourMs;
      await live(hourMs / 2);
      expect(await stage.engine.read('o1')).toBeDefined();
      await stage.gone('o1');
    });

    test('goes on after a clock that was far ahead was put right', async () => {
      let ahead = 60 * 24 * hourMs;
      const now = (): number => stage.clock.now() + ahead;
      await stage.restart({ keepMs: hourMs, clock: { ...stage.clock, now } });
      await live(hourMs / 2);
      ahead = 0;
      await stage.submit('o1');
      await stage.settle('o1');
      await live(hourMs / 2);
      expect(await stage.engine.read('o1')).toBeDefined();
      await stage.gone('o1');
    });

    test('adds up what short lives have seen', async () => {
      await stage.submit('o1');
      await stage.settle('o1');
      const lives: boolean[] = [];
      for (let life = 1; life <= 5; life += 1) {
        await stage.restart({ keepMs: hourMs });
        await live(13 * 60_000);
        lives.push((await stage.engine.read('o1')) !== undefined);
      }
      expect(lives).toEqual([true, true, true, true, false]);
    });

    test('keeps what ended under a clock that was behind as long as anything else', async () => {
      const behind = createVirtualClock(stage.clock.now() - 60 * 24 * hourMs);
      await stage.restart({ keepMs: hourMs, clock: behind });
      await stage.submit('o1');
      await behind.run(async () => (await stage.engine.counts()).open === 0);
      await stage.restart({ keepMs: hourMs });
      await live(hourMs / 2);
      expect(await stage.engine.read('o1')).toBeDefined();
      await stage.gone('o1');
    });

    test('spares a run whose repair is owed', async () => {
      await stage.restart({ keepMs: 10 });
      stage.bench.answer = ({ what }) => (what === 'forward mail' ? lost : ok(null));
      await stage.submit('o1');
      await stage.settle('o1');
      const later = stage.clock.now() + 60_000;
      await stage.clock.run(() => stage.clock.now() > later);
      expect(toStatus((await stage.view('o1')).state)).toBe('completed');
      stage.bench.answer = () => ok(null);
      await stage.gone('o1');
    });

    test('passes by what makes no sense, and forgets the others', async () => {
      await stage.submit('o1');
      await stage.submit('o2');
      await stage.settle('o1', 'o2');
      const summary = (await stage.engine.list({ limit: 9 })).find(({ id }) => id === 'o1');
      const { events = [] } = stage.journal.read('o1') ?? {};
      if (!summary) throw new Error('o1 is not listed');
      await stage.journal.append({ run: 'o1', events: events.slice(0, 1), summary, rest: done });
      await stage.restart({ keepMs: 10 });
      await stage.gone('o2');
      expect(stage.journal.read('o1')).toBeDefined();
      expect(await stage.engine.read('o1')).toBeUndefined();
    });

    test('goes on until nothing is due, and lets others have their turn in between', async () => {
      const ids = Array.from({ length: 250 }, (_, index) => `o${index}`);
      await Promise.all(ids.map((id) => stage.submit(id)));
      await stage.clock.run(async () => (await stage.engine.counts()).open === 0);
      await stage.restart({ keepMs: 10 });
      const left = new Set<number>();
      const soon = stage.clock.now() + 1_100;
      await stage.clock.run(async () => {
        left.add((await stage.engine.list({ limit: 999 })).length);
        stage.clock.setTimer(5, () => {});
        return stage.clock.now() >= soon;
      });
      expect([...left]).toEqual([250, 150, 50, 0]);
    });

    test('that fails is reported, and goes on', async () => {
      let failures = 1;
      const carry = (): unknown => {
        if (failures-- > 0) throw new Error('no total');
        return 1;
      };
      await stage.restart({ keepMs: 10, carry });
      await stage.submit('o1');
      await stage.clock.run(() => stage.journal.readCarried() === 1);
      expect(stage.bugs.splice(0)).toMatchObject([{ message: 'no total' }]);
    });
  });
}
