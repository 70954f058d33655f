import { describe, expect, test } from 'vitest';
import { ok, type Reply, refused } from '../../core/reply.ts';
import { isSettled, toStatus } from '../../core/status.ts';
import { createGate } from '../../fixtures/order.ts';
import { createVirtualClock } from '../virtual-clock.ts';
import { useEngineStage } from './engine-stage.ts';
import type { JournalHouse } from './journal-suite.ts';

const down: Reply<never> = { reply: 'unsent', code: 'connection-refused' };
const lost: Reply<never> = { reply: 'unknown', code: 'reset' };
const never = new Promise<never>(() => {});

/** What stands between runs and participants, on whatever journal. */
export function describeEngineGate(name: string, createHouse: () => JournalHouse): void {
  describe(`the engine's way to its participants, on a journal ${name}`, () => {
    const stage = useEngineStage(createHouse);
    const submitMany = async (count: number): Promise<string[]> => {
      const ids = Array.from({ length: count }, (_, index) => `o${index + 1}`);
      await Promise.all(ids.map((id) => stage.submit(id)));
      return ids;
    };
    const lane = async (participant: string) =>
      (await stage.engine.participants()).find((view) => view.participant === participant);
    const isHeld = async (participant: string, kind: 'parked' | 'waiting', count: number) =>
      ((await lane(participant))?.[kind] ?? 0) >= count;
    const parked = (count: number) => stage.clock.run(() => isHeld('reserve', 'parked', count));
    const attempts = async (ids: readonly string[], way: string): Promise<number[]> =>
      (await stage.views(ids)).map(({ state }) => state.ways[way]?.attempts ?? 0);
    /** Ten runs at an open breaker; from then on `answer` answers. */
    const parkTen = async (answer: typeof stage.bench.answer): Promise<string[]> => {
      stage.bench.answer = ({ what }) => (what === 'forward reserve' ? down : ok(null));
      const ids = await submitMany(10);
      await parked(10);
      stage.bench.calls.length = 0;
      stage.bench.answer = answer;
      return ids;
    };
    const passTime = (ms: number) => {
      const end = stage.clock.now() + ms;
      return stage.clock.run(() => stage.clock.now() >= end);
    };

    describe('an open breaker', () => {
      test('parks the steps of its participant: no attempt is burned, and nobody holds a place', async () => {
        const ids = await parkTen(() => down);
        expect(await attempts(ids, 'reserve')).toEqual(ids.map(() => 0));
        expect(await stage.types('o10')).toEqual(['accepted', 'step-unsent', 'step-parked']);
        expect(await stage.engine.counts()).toMatchObject({ moving: 0, queued: 0, open: 10 });
        expect((await stage.view('o10')).next).toMatchObject({
          type: 'wait',
          held: { participants: { reserve: 'parked' }, tryAt: (await lane('reserve'))?.nextTryAt },
        });
      });

      test('writes no history while it stays open', async () => {
        const ids = await parkTen(() => down);
        await passTime(600_000);
        const lengths = (await stage.views(ids)).map(({ events }) => events.length);
        expect(Math.max(...lengths)).toBeLessThan(20);
        expect(stage.bench.calls.length).toBeLessThan(40);
      });

      test('lets one probe through at a time, and all go on when it is well', async () => {
        const reply = createGate();
        const ids = await parkTen(({ what }) => (what === 'forward reserve' ? reply.reply : ok(1)));
        await stage.called('forward reserve');
        await stage.submit('late');
        await passTime(2_000);
        expect(stage.done()).toEqual(['forward reserve']);
        expect(await lane('reserve')).toMatchObject({ breaker: 'probing', inFlight: 1 });
        reply.open();
        await stage.settle(...ids, 'late');
        expect(await lane('reserve')).toMatchObject({ breaker: 'closed', parked: 0, openings: 1 });
      });

      test('probes with one run after the other', async () => {
        const ids = await parkTen(() => lost);
        await stage.clock.run(() => stage.bench.calls.length === 10);
        expect(stage.bench.calls.map(({ run }) => run).sort()).toEqual([...ids].sort());
      });

      test('is closed by the next run when the probe is one that nobody can serve', async () => {
        const ids = await parkTen(({ what, run }) =>
          what === 'forward reserve' && run === stage.bench.calls[0]?.run ? lost : ok(1),
        );
        await stage.settle(...ids);
        const ends = (await stage.views(ids)).map(({ state }) => state.phase);
        expect(ends.filter((phase) => phase === 'completed')).toHaveLength(9);
      });

      test('does not keep the others waiting for a few that nobody can serve', async () => {
        stage.bench.answer = ({ what, run }) =>
          what === 'forward reserve' && run.startsWith('o') ? lost : ok(1);
        await submitMany(8);
        await stage.clock.run(async () => (await lane('reserve'))?.openings === 1);
        for (let count = 0; count < 20; count++) {
          const cameAt = stage.clock.now();
          await stage.submit(`good-${count}`);
          await stage.settle(`good-${count}`);
          expect(stage.clock.now() - cameAt).toBeLessThan(5_000);
        }
      });

      test('does not degrade the others for a few repairs that nobody can make', async () => {
        stage.bench.answer = ({ what, run }) =>
          what === 'forward mail' && run.startsWith('o') ? lost : ok(1);
        await submitMany(8);
        const degraded: number[] = [];
        for (let count = 0; count < 100; count++) {
          await passTime(10_000);
          await stage.submit(`good-${count}`);
          await stage.settle(`good-${count}`);
          const { state } = await stage.view(`good-${count}`);
          if (state.deferred.length > 0) degraded.push(count);
        }
        // Until one was well, nobody could know better.
        expect(degraded.filter((count) => count > 3)).toEqual([]);
      });

      test('says after a crash that nothing was sent: the alternate need not wait for an undo', async () => {
        stage.bench.answer = ({ what }) => (what === 'forward pay' ? down : ok(1));
        const ids = await submitMany(10);
        await stage.clock.run(() => isHeld('pay', 'parked', 10));
        await stage.restart();
        await stage.settle(...ids);
        expect(await stage.having(ids, 'step-unknown')).toEqual([]);
        expect(stage.done()).not.toContain('undo pay');
        expect((await stage.views(ids)).map(({ state }) => state.ways['pay:alt']?.result)).toEqual(
          ids.map(() => 'ok'),
        );
      });

      test('says after a crash in a call that came out of it that its effect may exist', async () => {
        stage.bench.answer = ({ what }) => (what === 'forward pay' ? down : ok(1));
        const ids = await submitMany(10);
        await stage.clock.run(() => isHeld('pay', 'parked', 10));
        stage.bench.calls.length = 0;
        stage.bench.answer = () => never;
        await stage.called('forward pay');
        const [probe = ''] = stage.bench.calls.map(({ run }) => run);
        stage.bench.answer = ({ what }) => (what === 'forward pay' ? down : ok(1));
        await stage.restart();
        expect(await stage.having(ids, 'step-unknown')).toEqual([probe]);
        await stage.settle(...ids);
        const undone = stage.bench.calls.filter(({ what }) => what === 'undo pay');
        expect(undone.map(({ run }) => run)).toEqual([probe]);
        expect((await stage.view(probe)).state.ways['pay:alt']?.result).toBe('ok');
      });

      test('lets runs complete without their deferred step, and counts them among the open no more', async () => {
        await stage.restart({ openMax: 8 });
        stage.bench.answer = ({ what }) => (what === 'forward mail' ? down : ok(1));
        const ids = Array.from({ length: 20 }, (_, index) => `o${index}`);
        for (const id of ids) {
          await stage.submit(id);
          await stage.settle(id);
        }
        expect((await stage.engine.counts()).open).toBe(0);
        stage.bench.answer = () => ok(1);
        await stage.clock.run(async () =>
          (await stage.views(ids)).every(({ state }) => state.ways.mail?.result === 'ok'),
        );
      });

      test('is closed by a refusal: who refuses is well', async () => {
        const ids = await parkTen(({ what }) =>
          what === 'forward reserve' ? refused('sold-out') : ok(1),
        );
        await stage.settle(...ids);
        expect((await stage.views(ids)).map(({ state }) => state.reason?.code)).toEqual(
          ids.map(() => 'sold-out'),
        );
        expect(await lane('reserve')).toMatchObject({ breaker: 'closed' });
      });

      test('gives up a probe that never settles', async () => {
        const ids = await parkTen(({ what }) =>
          what === 'forward reserve' && stage.bench.calls.length === 1 ? never : ok(1),
        );
        await stage.settle(...ids.slice(1));
        await stage.settle(...ids);
      });

      test('gives the turn of a run that was cancelled to the next', async () => {
        const ids = await parkTen(() => ok(1));
        await Promise.all(ids.slice(0, 9).map((id) => stage.engine.cancel(id, 'enough')));
        await stage.settle(...ids);
        expect((await stage.view('o10')).state.phase).toBe('completed');
      });

      test('gives the turn of a run that was cancelled before it could come to the next', async () => {
        await stage.restart({ concurrencyMax: 1 });
        stage.bench.answer = ({ what }) => (what === 'forward pay' ? down : ok(1));
        const ids = await submitMany(10);
        await stage.clock.run(() => isHeld('pay', 'parked', 10));
        const busy = createGate();
        stage.bench.answer = ({ what, run }) =>
          what === 'forward reserve' && run === 'busy' ? busy.reply : ok(1);
        await stage.submit('busy');
        await stage.clock.run(async () => (await stage.engine.counts()).queued === 1);
        await Promise.all(ids.slice(0, 9).map((id) => stage.engine.cancel(id, 'enough')));
        busy.open(refused('sold-out'));
        await stage.settle(...ids, 'busy');
        expect((await stage.view('o10')).state.ways.pay?.result).toBe('ok');
      });

      test('gives the turn of a run that now waits for somebody else to the next', async () => {
        const breaker = { failuresMin: 1, callsLookedAt: 1, firstDelayMs: 10_000 };
        await stage.restart({ concurrencyMax: 1, breaker });
        stage.bench.answer = ({ what }) => (what === 'forward pay' ? down : ok(1));
        const ids = await submitMany(4);
        await stage.clock.run(() => isHeld('pay', 'parked', 4));
        await passTime(((await lane('pay'))?.nextTryAt ?? 0) - stage.clock.now() - 2_000);
        const busy = createGate();
        stage.bench.answer = ({ run }) => (run === 'busy' ? busy.reply : ok(1));
        await stage.submit('busy');
        await stage.clock.run(async () => (await stage.engine.counts()).queued === 1);
        await Promise.all(ids.slice(0, 3).map((id) => stage.engine.cancel(id, 'enough')));
        stage.bench.calls.length = 0;
        busy.open(lost);
        await stage.clock.run(() => stage.bench.calls.length > 0);
        expect(stage.bench.calls[0]).toMatchObject({ run: 'o4', what: 'forward pay' });
        expect((await lane('reserve'))?.breaker).toBe('open');
      });

      test('uses up the time budget of a parked step', async () => {
        const ids = await parkTen(() => down);
        await stage.settle(...ids);
        const codes = (await stage.views(ids)).map(({ state }) => state.reason?.code);
        expect(codes).toEqual(ids.map(() => 'breaker-open'));
      });

      test('is in memory only: after a crash all is tried anew', async () => {
        const ids = await parkTen(() => ok(1));
        await stage.restart();
        await stage.settle(...ids);
      });

      test('is probed at once when an operator asks for a retry', async () => {
        await parkTen(() => ok(1));
        const before = stage.clock.now();
        expect(await stage.engine.retry('o1', 'it is back')).toBe('done');
        await stage.called('forward reserve');
        expect(stage.clock.now()).toBe(before);
      });

      test('is probed at once also for a run that meant to wait for its own retry', async () => {
        await stage.restart({ breaker: { firstDelayMs: 30_000 } });
        stage.bench.answer = ({ what }) => (what === 'forward reserve' ? down : ok(1));
        await submitMany(5);
        await stage.clock.run(async () => (await lane('reserve'))?.breaker === 'open');
        expect(await stage.types('o1')).not.toContain('step-parked');
        stage.bench.answer = () => ok(1);
        const before = stage.clock.now();
        await stage.engine.retry('o1', 'it is back');
        await stage.settle('o1');
        expect(stage.clock.now()).toBe(before);
      });

      test('lets the parked go on after a restart under a clock that was set back', async () => {
        stage.bench.answer = ({ what }) => (what === 'forward reserve' ? lost : ok(1));
        const ids = await submitMany(40);
        await parked(40);
        const right = createVirtualClock(stage.clock.now() - 2_000);
        stage.bench.answer = () => ok(1);
        await stage.restart({ clock: right, drainPerSecond: 10 });
        await right.run(async () => (await stage.engine.counts()).open === 0, 60_000);
        expect(await stage.views(ids)).toHaveLength(40);
      });

      test('lets the undos of other participants go on', async () => {
        stage.bench.answer = ({ what }) => {
          if (what === 'forward pay' || what === 'forward pay:alt') return lost;
          return what === 'undo pay:alt' ? down : ok(1);
        };
        await submitMany(6);
        await stage.clock.run(() => isHeld('pay:alt', 'parked', 1));
        await stage.clock.run(
          async () => (await stage.view('o6')).state.ways.reserve?.undo.done === true,
        );
        expect(await stage.types('o6')).toContain('undo-parked');
      });
    });

    describe('a breaker that closes', () => {
      test('lets the parked runs go on at a bounded rate', async () => {
        await stage.restart({ drainPerSecond: 50 });
        stage.bench.answer = ({ what }) => (what === 'forward reserve' ? down : ok(null));
        const ids = await submitMany(60);
        await parked(60);
        const times: number[] = [];
        stage.bench.answer = ({ what }) => {
          if (what === 'forward reserve') times.push(stage.clock.now());
          return ok(1);
        };
        await stage.settle(...ids);
        const together = [...Map.groupBy(times, (at) => at).values()].map((at) => at.length);
        expect(times).toHaveLength(60);
        expect(Math.max(...together)).toBeLessThanOrEqual(6);
      });

      test('wakes an owed undo, however long it meant to wait', async () => {
        await stage.restart({ breaker: { delayMaxMs: 1_000 } });
        stage.bench.answer = ({ what }) => {
          if (what === 'forward pay') return refused('declined');
          return what === 'undo reserve' ? lost : ok(1);
        };
        const ids = await submitMany(5);
        await stage.clock.run(async () =>
          (await stage.views(ids)).every(({ state }) => toStatus(state) === 'stuck'),
        );
        const dues = (await stage.views(ids)).map(
          ({ state }) => state.ways.reserve?.undo.retryAt ?? 0,
        );
        stage.bench.answer = () => ok(1);
        await stage.submit('new');
        await stage.settle(...ids, 'new');
        expect(stage.clock.now()).toBeLessThan(Math.min(...dues));
      });
    });

    describe('permits of one participant', () => {
      test('are never more than the limit, and do not hold up the others', async () => {
        await stage.restart({ callsMax: 2 });
        stage.bench.answer = ({ what }) => (what === 'forward pay' ? never : ok(1));
        await submitMany(6);
        await stage.clock.run(
          () => stage.done().filter((what) => what === 'forward pay').length === 2,
        );
        await stage.clock.run(
          () => stage.done().filter((what) => what === 'forward reserve').length === 6,
        );
        expect(await lane('pay')).toMatchObject({ inFlight: 2, waiting: 4 });
        expect(await stage.engine.counts()).toMatchObject({ moving: 2 });
        expect((await stage.view('o6')).next).toMatchObject({
          held: { participants: { pay: 'full' } },
        });
      });

      test('are free again after a call that ran out of time', async () => {
        await stage.restart({ callsMax: 1 });
        stage.bench.answer = ({ what, number }) =>
          what === 'forward reserve' && number === 1 ? never : ok(1);
        const ids = await submitMany(3);
        await stage.settle(...ids);
        expect(await lane('reserve')).toMatchObject({ inFlight: 0, waiting: 0 });
      });

      test('leave one to runs that go forward, however many undos there are', async () => {
        await stage.restart({ callsMax: 2 });
        const held = createGate();
        stage.bench.answer = ({ what, run }) => {
          if (what === 'forward pay' && run !== 'new') return refused('declined');
          return what === 'undo reserve' ? held.reply : ok(1);
        };
        const ids = await submitMany(4);
        await stage.clock.run(() => isHeld('reserve', 'waiting', 3));
        await stage.submit('new');
        await stage.settle('new');
        held.open();
        await stage.settle(...ids);
      });

      test('are awaited in peace by an undo before an alternate', async () => {
        let looks = 0;
        const now = (): number => {
          if (++looks % 10_000 === 0) throw new Error('goes round in circles');
          return stage.clock.now();
        };
        const clock = { ...stage.clock, now };
        await stage.restart({ callsMax: 2, breaker: { failuresMin: 99 }, clock });
        const held = createGate();
        stage.bench.answer = ({ what }) => {
          if (what === 'forward pay') return lost;
          return what === 'undo pay' ? held.reply : ok(1);
        };
        const ids = await submitMany(3);
        await stage.clock.run(() => isHeld('pay', 'waiting', 2));
        held.open();
        await stage.settle(...ids);
        expect((await stage.views(ids)).map(({ state }) => state.phase)).toEqual(
          ids.map(() => 'completed'),
        );
      });

      test('go to the next when the run that was called no longer wants one', async () => {
        await stage.restart({ callsMax: 1 });
        const held = createGate();
        stage.bench.answer = ({ what, run }) =>
          what === 'forward pay' && run === 'o1' ? held.reply : ok(1);
        const ids = await submitMany(4);
        await stage.clock.run(() => isHeld('pay', 'waiting', 3));
        await Promise.all(['o2', 'o3'].map((id) => stage.engine.cancel(id, 'enough')));
        held.open();
        await stage.settle(...ids);
        expect(isSettled((await stage.view('o4')).state)).toBe(true);
      });
    });
  });
}
