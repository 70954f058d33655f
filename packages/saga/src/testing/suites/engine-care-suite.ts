import { describe, expect, test } from 'vitest';
import { ok, type Reply, refused } from '../../core/reply.ts';
import { isSettled, toStatus } from '../../core/status.ts';
import type { Answer } from '../../fixtures/cast.ts';
import { createGate } from '../../fixtures/order.ts';
import { createVirtualClock } from '../virtual-clock.ts';
import { useEngineStage } from './engine-stage.ts';
import type { JournalHouse } from './journal-suite.ts';

const lost: Reply<never> = { reply: 'unknown', code: 'reset' };
const never = new Promise<never>(() => {});

/** What becomes of runs that do not settle by themselves, on whatever journal. */
export function describeEngineCare(name: string, createHouse: () => JournalHouse): void {
  describe(`the engine's care for runs in trouble, on a journal ${name}`, () => {
    const stage = useEngineStage(createHouse);
    const status = async (id: string) => toStatus((await stage.view(id)).state);

    describe('a run whose calls end the process', () => {
      const others = Array.from({ length: 20 }, (_, index) => `good-${index}`);
      const submitAll = async (): Promise<void> => {
        for (const id of [...others.slice(0, 10), 'bad', ...others.slice(10)])
          await stage.submit(id);
      };
      /** Restarts until the process lives long enough for everything else to end. Counts its ends. */
      const live = async (bad: string, inner: Answer): Promise<number> => {
        let ends = 0;
        let isDown = false;
        stage.bench.answer = (call) => {
          if (call.run !== 'bad' || call.what !== bad) return inner(call);
          isDown = true;
          return never;
        };
        await submitAll();
        const areDone = async () =>
          (await stage.views(others)).every(({ state }) => isSettled(state));
        while (ends < 20) {
          await stage.clock.run(
            async () => isDown || ((await areDone()) && (await status('bad')) === 'stuck'),
          );
          if (!isDown) break;
          isDown = false;
          ends += 1;
          await stage.restart({ concurrencyMax: 8 });
        }
        return ends;
      };

      test('is set aside after five ends, and the rest go on', async () => {
        expect(await live('forward reserve', () => ok(1))).toBe(5);
        expect(await stage.engine.counts()).toMatchObject({ quarantined: 0, open: 1 });
        expect((await stage.view('bad')).next).toEqual({ type: 'rest' });
        expect(await Promise.all(others.map(status))).toEqual(others.map(() => 'completed'));
      });

      const areSuspectsAfterTwelve = async (end: () => Promise<void>): Promise<boolean> => {
        stage.bench.answer = () => never;
        for (const id of others) await stage.submit(id);
        for (let ends = 1; ends <= 12; ends++) {
          await stage.called('forward reserve');
          stage.bench.calls.length = 0;
          if (ends === 12) stage.bench.answer = () => ok(1);
          await end();
        }
        const from = stage.clock.now();
        await stage.settle(...others);
        const announced = await stage.having(others, 'attempt-started');
        return announced.length > 0 || stage.clock.now() > from;
      };

      test('is no suspect where the process was told to stop, and cut off', async () => {
        const cutOff = async (): Promise<void> => {
          void stage.engine.stop();
          await stage.restart();
        };
        expect(await areSuspectsAfterTwelve(cutOff)).toBe(false);
      });

      test('is no suspect where somebody saw that the process was ended from outside', async () => {
        const seen = () => stage.restart({ isBlameless: true });
        expect(await areSuspectsAfterTwelve(seen)).toBe(false);
      });

      test('is a suspect where nobody knows', async () => {
        expect(await areSuspectsAfterTwelve(() => stage.restart())).toBe(true);
      });

      test('is set aside also when it is its undo that does so', async () => {
        const inner: Answer = ({ run, what }) =>
          run === 'bad' && what === 'forward pay' ? refused('declined') : ok(1);
        expect(await live('undo reserve', inner)).toBe(5);
      });

      test('is tried again alone without an operator, ever more rarely, and takes nobody down with it', async () => {
        await live('forward reserve', () => ok(1));
        const waits: number[] = [];
        while (waits.length < 6) {
          const { calls } = stage.bench;
          calls.length = 0;
          const restedAt = stage.clock.now();
          await stage.clock.run(() => calls.length > 0);
          waits.push(stage.clock.now() - restedAt);
          expect(calls.map(({ run, what }) => `${run} ${what}`)).toEqual(['bad forward reserve']);
          await stage.restart({ concurrencyMax: 8 });
        }
        expect(waits).toEqual(waits.map((_, place) => 5_000 * 2 ** place));
        stage.bench.answer = () => ok(1);
        await stage.settle('bad');
        expect(await status('bad')).toBe('completed');
        expect((await stage.view('bad')).state).toMatchObject({
          interruptions: 0,
          isQuarantined: false,
        });
      });

      test('is no longer the same suspect once it turns round: its undo is made at once', async () => {
        await live('forward reserve', () => ok(1));
        stage.bench.answer = ({ what }) => (what === 'forward reserve' ? never : ok(1));
        const askedAt = stage.clock.now();
        expect(await stage.engine.cancel('bad', 'enough')).toBe('cancel-requested');
        await stage.settle('bad');
        expect(await status('bad')).toBe('compensated');
        expect(stage.clock.now()).toBe(askedAt);
      });

      test('rests no longer for a clock that was set back', async () => {
        await live('forward reserve', () => ok(1));
        stage.bench.answer = () => ok(1);
        const right = createVirtualClock(stage.clock.now() - 86_400_000);
        await stage.restart({ clock: right });
        await right.run(async () => (await status('bad')) === 'completed', 10_000);
      });

      test('stays set aside over restarts, cannot be skipped or requeued, and goes on when an operator says so', async () => {
        await live('forward reserve', () => ok(1));
        const { length } = await stage.types('bad');
        await stage.restart();
        await stage.restart();
        expect(await stage.types('bad')).toHaveLength(length);
        expect(await stage.engine.skip('bad', 'mail', 'enough')).toBe('quarantined');
        expect(await stage.engine.retry('bad', 'again', { nudge: true })).toBe('quarantined');
        stage.bench.answer = () => ok(1);
        expect(await stage.engine.retry('bad', 'mended')).toBe('done');
        await stage.settle('bad');
        expect(await stage.engine.counts()).toMatchObject({ quarantined: 0, open: 0 });
      });

      test('is not blamed for ends that it had no part in, and endless restarts write no endless history', async () => {
        stage.bench.answer = () => never;
        await submitAll();
        for (let end = 0; end < 12; end++) await stage.restart({ concurrencyMax: 1 });
        const late = others.slice(10);
        expect((await stage.views(late)).map(({ events }) => events.length)).toEqual(
          late.map(() => 3),
        );
        expect(late.map(status)).not.toContain('stuck');
        stage.bench.answer = () => ok(1);
        await stage.restart();
        await stage.settle(...late);
      });

      test('is called alone once it may be what ends it: else nobody could say which of them did', async () => {
        stage.bench.answer = () => never;
        await submitAll();
        await stage.restart();
        await stage.restart();
        // All of them are called before the process ends.
        await stage.clock.run(() => true);
        stage.bench.calls.length = 0;
        await stage.restart();
        const soon = stage.clock.now() + 1_000;
        await stage.clock.run(() => stage.clock.now() >= soon);
        expect(stage.bench.calls).toHaveLength(1);
        stage.bench.answer = () => ok(1);
        await stage.settle(...others, 'bad');
      });

      test('does not keep the next suspect waiting when it is cleared before its turn', async () => {
        const hung = createGate();
        stage.bench.answer = () => never;
        for (const id of ['first', 'cleared', 'next']) await stage.submit(id);
        for (let end = 0; end < 2; end++) await stage.restart();
        stage.bench.answer = ({ run }) => (run === 'first' ? hung.reply : ok(1));
        await stage.restart({ concurrencyMax: 2 });
        await stage.clock.run(() => stage.bench.calls.at(-1)?.run === 'first');
        const others = createGate();
        stage.bench.answer = ({ run, number }) => {
          if (run === 'impatient' && number === 1) return lost;
          return run === 'first' ? ok(1) : others.reply;
        };
        await stage.submit('impatient');
        await stage.clock.run(
          async () => (await stage.view('impatient')).state.ways.reserve?.attempts === 1,
        );
        await stage.submit('fresh');
        await stage.clock.run(async () => (await stage.engine.counts()).queued === 1);
        hung.open();
        await stage.settle('first');
        await stage.clock.run(async () => (await stage.engine.counts()).moving === 2);
        expect(await stage.engine.counts()).toMatchObject({ moving: 2, queued: 1 });
        await stage.engine.retry('cleared', 'not that one');
        others.open();
        await stage.settle('cleared', 'next', 'impatient', 'fresh');
      });

      test('makes nobody slow that two ends found open', async () => {
        stage.bench.answer = () => never;
        await submitAll();
        await stage.restart();
        const held = createGate();
        stage.bench.answer = () => held.reply;
        await stage.restart();
        await stage.clock.run(async () => (await stage.engine.counts()).moving === 21);
        held.open();
        await stage.settle(...others, 'bad');
      });

      test('in its repair rests, and stays completed', async () => {
        stage.bench.answer = ({ what }) => (what === 'forward mail' ? lost : ok(1));
        await stage.submit('o1');
        await stage.settle('o1');
        let ends = 0;
        let isDown = false;
        stage.bench.answer = () => {
          isDown = true;
          return never;
        };
        while (!(await stage.view('o1')).state.isQuarantined && ends < 20) {
          await stage.clock.run(() => isDown);
          isDown = false;
          ends += 1;
          await stage.restart();
        }
        expect(ends).toBe(5);
        expect(await status('o1')).toBe('completed');
        await stage.restart({ keepMs: 10 });
        const later = stage.clock.now() + 60_000;
        await stage.clock.run(() => stage.clock.now() > later);
        stage.bench.answer = () => ok(1);
        expect(await stage.engine.retry('o1', 'mended')).toBe('done');
        await stage.gone('o1');
      });
    });

    describe("an operator's retry", () => {
      test('makes an owed undo due, which then is no longer stuck', async () => {
        stage.bench.answer = ({ what }) => {
          if (what === 'forward pay') return refused('declined');
          return what === 'undo reserve' ? refused('too-late') : ok(1);
        };
        await stage.submit('o1');
        await stage.clock.run(async () => (await status('o1')) === 'stuck');
        stage.bench.answer = () => ok(1);
        const before = stage.clock.now();
        expect(await stage.engine.retry('o1', 'told them')).toBe('done');
        await stage.settle('o1');
        expect(stage.clock.now()).toBeLessThan(before + 30_000);
        expect((await stage.view('o1')).events).toContainEqual(
          expect.objectContaining({ type: 'retry-requested', reason: 'told them' }),
        );
      });

      test('makes a wait and a repair due', async () => {
        stage.bench.answer = ({ what, number }) =>
          what === 'forward mail' || (what === 'forward reserve' && number === 1) ? lost : ok(1);
        await stage.submit('o1');
        await stage.clock.run(async () => (await stage.view('o1')).next?.type === 'wait');
        const before = stage.clock.now();
        await stage.engine.retry('o1', 'hurry');
        await stage.clock.run(() => stage.done().includes('forward pay'));
        expect(stage.clock.now()).toBe(before);
        await stage.settle('o1');
        stage.bench.answer = () => ok(1);
        const settledAt = stage.clock.now();
        expect(await stage.engine.retry('o1', 'mail is back')).toBe('done');
        await stage.clock.run(
          async () => (await stage.view('o1')).state.ways.mail?.result === 'ok',
        );
        expect(stage.clock.now()).toBe(settledAt);
      });

      test('while the end of a repair is being written leaves it to one driver', async () => {
        stage.bench.answer = ({ what }) => (what === 'forward mail' ? lost : ok(1));
        await stage.submit('o1');
        await stage.settle('o1');
        const calls = { now: 0, most: 0 };
        const answerSlowly = async () => {
          calls.most = Math.max(calls.most, ++calls.now);
          await new Promise<void>((resolve) => stage.clock.setTimer(2_500, resolve));
          calls.now -= 1;
          return ok(1);
        };
        const wishes: Promise<unknown>[] = [];
        stage.process.onAppend = (when, { events }) => {
          if (when === 'after' || events[0]?.type !== 'step-unknown' || wishes.length > 0) return;
          stage.bench.answer = answerSlowly;
          wishes.push(stage.engine.retry('o1', 'mail is back'));
        };
        await stage.clock.run(async () => (await stage.view('o1')).next?.type === 'rest');
        expect(await Promise.all(wishes)).toEqual(['done']);
        expect(calls.most).toBe(1);
      });

      test('gives an undo all its attempts again, also when one is under way', async () => {
        const held = createGate();
        stage.bench.answer = ({ what, number }) => {
          if (what === 'forward reserve') return ok(1);
          if (what === 'forward pay') return refused('declined');
          return number > 1 ? held.reply : refused('too-late');
        };
        await stage.submit('o1');
        await stage.clock.run(() => stage.bench.calls.at(-1)?.number === 2);
        expect(await stage.engine.retry('o1', 'told them')).toBe('done');
        held.open(lost);
        await stage.clock.run(
          async () => (await stage.view('o1')).state.ways.reserve?.undo.attempts === 2,
        );
        expect(await status('o1')).toBe('compensating');
        stage.bench.answer = () => ok(1);
        await stage.settle('o1');
      });

      test('that only requeues makes an owed undo due, and gives no attempt back', async () => {
        stage.bench.answer = ({ what }) => {
          if (what === 'forward pay') return refused('declined');
          return what === 'undo reserve' ? refused('too-late') : ok(1);
        };
        await stage.submit('o1');
        await stage.clock.run(async () => (await status('o1')) === 'stuck');
        const before = stage.clock.now();
        expect(await stage.engine.retry('o1', 'again', { nudge: true })).toBe('done');
        expect(await status('o1')).toBe('stuck');
        await stage.clock.run(
          async () => (await stage.view('o1')).state.ways.reserve?.undo.attempts === 2,
        );
        expect(stage.clock.now()).toBe(before);
        expect((await stage.view('o1')).state.ways.reserve?.undo.failures).toBe(2);
        stage.bench.answer = () => ok(1);
        await stage.engine.retry('o1', 'again', { nudge: true });
        await stage.settle('o1');
        expect(stage.clock.now()).toBe(before);
      });

      test('is refused where nothing waits, and for what was never there', async () => {
        await stage.submit('o1');
        await stage.settle('o1');
        expect(await stage.engine.retry('o1', 'why not')).toBe('nothing-to-retry');
        expect(await stage.engine.retry('o2', 'why not')).toBe('unknown-run');
      });
    });

    describe("an operator's skip", () => {
      test('writes off an exhausted undo: the run ends, and says what it did not do', async () => {
        stage.bench.answer = ({ what }) => {
          if (what === 'forward pay') return refused('declined');
          return what === 'undo reserve' ? refused('too-late') : ok(1);
        };
        await stage.submit('o1');
        await stage.clock.run(async () => (await status('o1')) === 'stuck');
        expect(await stage.engine.skip('o1', 'pay', 'no')).toBe('nothing-to-skip');
        expect(await stage.engine.skip('o1', 'reserve', 'written to them')).toBe('done');
        await stage.settle('o1');
        expect(await status('o1')).toBe('compensated');
        expect((await stage.view('o1')).state.ways.reserve?.writtenOff).toMatchObject({
          direction: 'undo',
          reason: 'written to them',
        });
      });

      test('writes off a deferred step, also after the run completed without it', async () => {
        stage.bench.answer = ({ what }) => (what === 'forward mail' ? lost : ok(1));
        await stage.submit('o1');
        await stage.submit('o2');
        await stage.clock.run(async () => (await stage.view('o1')).state.ways.mail?.attempts === 1);
        expect(await stage.engine.skip('o1', 'mail', 'called them')).toBe('done');
        await stage.settle('o1', 'o2');
        expect((await stage.view('o1')).state.deferred).toEqual([]);
        expect((await stage.view('o2')).state.deferred).toEqual(['mail']);
        expect(await stage.engine.skip('o2', 'mail', 'called them')).toBe('done');
        expect((await stage.view('o2')).next).toEqual({ type: 'rest' });
        expect(await stage.engine.retry('o2', 'again')).toBe('nothing-to-retry');
      });

      test('is refused for an undo that is not out of attempts', async () => {
        stage.bench.answer = ({ what }) => {
          if (what === 'forward pay') return refused('declined');
          return what === 'undo reserve' ? lost : ok(1);
        };
        await stage.submit('o1');
        await stage.clock.run(
          async () => (await stage.view('o1')).state.ways.reserve?.undo.attempts === 1,
        );
        expect(await stage.engine.skip('o1', 'reserve', 'no')).toBe('nothing-to-skip');
        stage.bench.answer = () => ok(1);
        await stage.settle('o1');
        expect((await stage.view('o1')).state.ways.reserve?.undo.done).toBe(true);
      });

      test('is refused for what settles by itself, is under way, or is not there', async () => {
        const gate = createGate();
        stage.bench.answer = ({ what }) => (what === 'forward mail' ? gate.reply : ok(1));
        await stage.submit('o1');
        await stage.called('forward mail');
        expect(await stage.engine.skip('o1', 'reserve', 'no')).toBe('nothing-to-skip');
        expect(await stage.engine.skip('o1', 'no-step', 'no')).toBe('nothing-to-skip');
        expect(await stage.engine.skip('o2', 'mail', 'no')).toBe('unknown-run');
        expect(await stage.engine.skip('o1', 'mail', 'no')).toBe('in-flight');
        gate.open();
        await stage.settle('o1');
        expect(await stage.engine.skip('o1', 'mail', 'no')).toBe('nothing-to-skip');
      });
    });

    test.each([
      ['an undo that is refused for ever', 'forward pay', 'undo reserve', refused('too-late')],
      ['an undo that is answered by nobody', 'forward pay', 'undo reserve', lost],
      ['a repair that is blamed for ever', '', 'forward mail', { ...lost, retriable: false }],
      ['a repair that never leaves', '', 'forward mail', { reply: 'unsent', code: 'no-route' }],
    ] as const)('%s writes little history', async (_, declined, what, reply) => {
      await stage.restart({ breaker: { failuresMin: 1_000 } });
      stage.bench.answer = (call) => {
        if (call.what === declined) return refused('declined');
        return call.what === what ? reply : ok(1);
      };
      await stage.submit('o1');
      const later = stage.clock.now() + 7_200_000;
      await stage.clock.run(() => stage.clock.now() >= later, 7_200_001);
      expect((await stage.types('o1')).length).toBeLessThan(80);
      stage.bench.answer = () => ok(1);
      await stage.engine.retry('o1', 'mended');
      await stage.clock.run(async () => (await stage.view('o1')).next?.type === 'rest');
    });

    test('an alternate that waits for the undo of the first does not wait without end', async () => {
      stage.bench.answer = ({ what }) => {
        if (what === 'undo pay') return { reply: 'unsent', code: 'connection-refused' };
        return what === 'forward pay' ? lost : ok(1);
      };
      await stage.submit('o1');
      await stage.clock.run(async () => (await status('o1')) === 'compensating');
      expect(stage.done()).not.toContain('forward pay:alt');
      stage.bench.answer = () => ok(1);
      await stage.settle('o1');
      expect(await status('o1')).toBe('compensated');
    });
  });
}
