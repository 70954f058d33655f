import { describe, expect, test } from 'vitest';
import { ok, type Reply } from '../../core/reply.ts';
import { isSettled } from '../../core/status.ts';
import type { EngineOptions } from '../../embedded/engine.ts';
import { createVirtualClock } from '../virtual-clock.ts';
import { useEngineStage } from './engine-stage.ts';
import type { JournalHouse } from './journal-suite.ts';

const down: Reply<never> = { reply: 'unsent', code: 'connection-refused' };
const lost: Reply<never> = { reply: 'unknown', code: 'reset' };
const dayMs = 86_400_000;
const seldom = { failuresMin: 1, firstDelayMs: 60_000, delayMaxMs: 60_000 };

/** What the embedded engine makes of a clock that a restart finds elsewhere, on whatever journal. */
export function describeEngineClock(name: string, createHouse: () => JournalHouse): void {
  describe(`the engine under a clock that was set, on a journal ${name}`, () => {
    const stage = useEngineStage(createHouse);
    const restartAt = async (aheadMs: number, options: Partial<EngineOptions> = {}) => {
      const clock = createVirtualClock(stage.clock.now() + aheadMs);
      await stage.restart({ clock, ...options });
      return clock;
    };
    const has = async (what: string): Promise<boolean> =>
      (await stage.types('o1')).some((type) => type === what);

    test.each([1_000, 60 * dayMs])(
      'tells nothing of a run as if it had been before, %i ms behind',
      async (behindMs) => {
        stage.bench.answer = ({ what, number }) => {
          if (what === 'forward pay') return number === 1 ? lost : down;
          return what === 'undo reserve' && number < 3 ? lost : ok(1);
        };
        await stage.submit('o1');
        await stage.noted('o1', 'step-unsent');
        const clock = await restartAt(-behindMs);
        const begun: number[] = [];
        await clock.run(async () => {
          const { state, attempt } = await stage.view('o1');
          if (attempt) begun.push(attempt.startedAt - state.at);
          const isTried = state.ways.pay?.unsents === 3;
          if (isTried && !state.cancelRequested) await stage.engine.cancel('o1', 'enough');
          return isSettled(state);
        });
        expect(Math.min(...begun)).toBeGreaterThanOrEqual(0);
        const { events } = await stage.view('o1');
        const times = events.flatMap((event) =>
          'startedAt' in event ? [event.startedAt, event.at] : [event.at],
        );
        expect(times).toEqual(times.toSorted((a, b) => a - b));
      },
    );

    test('gives nothing up for a time that nobody lived through', async () => {
      stage.bench.answer = ({ what }) => (what === 'forward pay' ? down : ok(1));
      await stage.submit('o1');
      await stage.noted('o1', 'step-unsent');
      const clock = await restartAt(60 * dayMs);
      await clock.run(async () => ((await stage.view('o1')).state.ways.pay?.unsents ?? 0) > 5);
      stage.bench.answer = () => ok(1);
      await clock.run(async () => isSettled((await stage.view('o1')).state));
      expect(await has('completed')).toBe(true);
    });

    test('gives up when it has lived through the time', async () => {
      stage.bench.answer = ({ what }) => (what.startsWith('forward pay') ? down : ok(1));
      await stage.submit('o1');
      await stage.noted('o1', 'step-unsent');
      // Called seldom: the story would be thousands of events long.
      const clock = await restartAt(60 * dayMs, { breaker: seldom });
      await clock.run(async () => (await stage.engine.counts()).open === 0);
      expect(await has('compensated')).toBe(true);
    });
  });
}
