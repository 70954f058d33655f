import { describe, expect, test } from 'vitest';
import { ok, type Reply, refused } from '../../core/reply.ts';
import { saga } from '../../core/saga.ts';
import type { Schema } from '../../core/schema.ts';
import { isSettled } from '../../core/status.ts';
import { createGate, createOrderBench, order } from '../../fixtures/order.ts';
import type { Append } from '../../journal/journal.ts';
import { createVirtualClock } from '../virtual-clock.ts';
import { useEngineStage } from './engine-stage.ts';
import type { JournalHouse } from './journal-suite.ts';

const due: Append['rest'] = { dueAt: 0, priority: 'new', waits: [], at: 1 };
const lost: Reply<never> = { reply: 'unknown', code: 'reset' };
const never = new Promise<never>(() => {});

/** What the embedded engine recovers and bounds, on whatever journal. */
export function describeEngineRecovery(name: string, createHouse: () => JournalHouse): void {
  describe(`the engine on a journal ${name}`, () => {
    const stage = useEngineStage(createHouse);

    describe('secrets', () => {
      test('reach the participants, also after a crash, and are shown nowhere', async () => {
        const gate = createGate();
        stage.bench.answer = ({ what, number }) =>
          what === 'forward pay' && number === 1 ? gate.reply : ok(null);
        const heard: unknown[] = [];
        await stage.submit('o1');
        await stage.called('forward pay');
        await stage.restart();
        stage.engine.feed.subscribe((committed) => heard.push(committed));
        await stage.settle('o1');
        expect(stage.bench.calls.every(({ token }) => token === 'tok_secret')).toBe(true);
        const listed = await stage.engine.list({ limit: 9 });
        const shown = JSON.stringify([await stage.view('o1'), heard, listed]);
        expect(shown).not.toContain('tok_secret');
      });

      test('are erased at settlement', async () => {
        const gate = createGate();
        stage.bench.answer = ({ what }) => (what === 'forward pay' ? gate.reply : ok(null));
        await stage.submit('o1');
        await stage.called('forward pay');
        expect(stage.journal.read('o1')?.secrets).toEqual({ 'payment.token': 'tok_secret' });
        gate.open(refused('declined'));
        await stage.settle('o1');
        expect(stage.journal.read('o1')?.secrets).toEqual({});
      });

      test('are gone for a repair that follows at once, as they are after a crash', async () => {
        await stage.restart({ random: () => 0 });
        stage.bench.answer = ({ what }) => (what === 'forward mail' ? lost : ok(null));
        await stage.submit('o1');
        await stage.settle('o1');
        await stage.clock.run(() => stage.bench.calls.length > 5);
        const mails = stage.bench.calls.filter(({ what }) => what === 'forward mail');
        expect(mails.slice(0, 4).map(({ token }) => token)).toEqual([
          'tok_secret',
          'tok_secret',
          'tok_secret',
          undefined,
        ]);
        stage.bench.answer = () => ok(null);
      });

      test('are gone for a repair also when somebody held the run as it completed', async () => {
        stage.bench.answer = ({ what }) => (what === 'forward mail' ? lost : ok(null));
        const wishes: Promise<string>[] = [];
        stage.process.onAppend = (when, { events }) => {
          if (when === 'before' && events.some(({ type }) => type === 'completed'))
            queueMicrotask(() => wishes.push(stage.engine.retry('o1', 'hurry')));
        };
        await stage.submit('o1');
        await stage.settle('o1');
        await stage.clock.run(() => stage.bench.calls.length > 5);
        expect(await Promise.all(wishes)).toEqual(['done']);
        expect(stage.bench.calls.at(-1)).toMatchObject({ what: 'forward mail', token: undefined });
        stage.bench.answer = () => ok(null);
      });
    });

    describe('recovery', () => {
      test('marks the attempt whose end was not seen, and asks again under the same key', async () => {
        const gate = createGate();
        stage.bench.answer = ({ what, number }) =>
          what === 'forward pay' && number === 1 ? gate.reply : ok(null);
        await stage.submit('o1');
        await stage.called('forward pay');
        await stage.restart();
        await stage.settle('o1');
        expect((await stage.view('o1')).events[2]).toMatchObject({
          type: 'step-unknown',
          way: 'pay',
          attempt: 1,
          code: 'interrupted',
          interrupted: true,
        });
        const pays = stage.bench.calls.filter(({ what }) => what === 'forward pay');
        expect(pays).toMatchObject([
          { key: 'o1:pay', number: 1 },
          { key: 'o1:pay', number: 2 },
        ]);
      });

      test('keeps the time of the next attempt', async () => {
        stage.bench.answer = ({ what, number }) =>
          what === 'forward pay' && number === 1 ? { ...lost, retryAfterMs: 1_000 } : ok(null);
        await stage.submit('o1');
        await stage.noted('o1', 'step-unknown');
        const { retryAt } = (await stage.view('o1')).state.ways.pay ?? {};
        await stage.restart();
        await stage.settle('o1');
        const { events } = await stage.view('o1');
        const [again] = events.filter(({ type }) => type === 'step-succeeded').slice(1);
        expect(again).toMatchObject({ way: 'pay', startedAt: retryAt });
      });

      test.each([
        ['a step', 'forward reserve', 'completed'],
        ['an undo', 'undo reserve', 'compensated'],
      ])(
        'waits no longer for %s than its longest delay, if the clock was set back meanwhile',
        async (_, what, end) => {
          stage.bench.answer = (call) => {
            if (call.what === what) return { ...lost, retryAfterMs: 1_000 };
            return call.what === 'forward pay' && end === 'compensated' ? refused('no') : ok(1);
          };
          await stage.submit('o1');
          await stage.noted('o1', what === 'undo reserve' ? 'undo-unknown' : 'step-unknown');
          stage.bench.answer = ({ what: asked }) =>
            asked === 'forward pay' && end === 'compensated' ? refused('no') : ok(1);
          const right = createVirtualClock(stage.clock.now() - 86_400_000);
          await stage.restart({ clock: right });
          await right.run(async () => isSettled((await stage.view('o1')).state), 30_000);
          expect((await stage.view('o1')).state.phase).toBe(end);
        },
      );

      test('ends before the engine is handed out', async () => {
        const gate = createGate();
        stage.bench.answer = () => gate.reply;
        await stage.submit('o1');
        await stage.called('forward reserve');
        await stage.restart();
        expect(await stage.types('o1')).toEqual(['accepted', 'step-unknown']);
      });

      test('goes on with the way back, and decides nothing anew', async () => {
        const gate = createGate();
        stage.bench.answer = ({ what, number }) => {
          if (what === 'forward pay') return refused('declined');
          return what === 'undo reserve' && number === 1 && stage.done().length < 4
            ? gate.reply
            : ok(null);
        };
        await stage.submit('o1');
        await stage.called('undo reserve');
        await stage.restart();
        await stage.settle('o1');
        expect(stage.done()).toEqual([
          'forward reserve',
          'forward pay',
          'undo reserve',
          'undo reserve',
        ]);
      });

      test('sets aside what is of another version or structure, or damaged, and goes on', async () => {
        const gate = createGate();
        stage.bench.answer = ({ run }) => (run === 'o3' ? ok(null) : gate.reply);
        const old = createOrderBench(2);
        old.answer = () => gate.reply;
        const wait = async () => ok((await gate.reply).reply);
        const changed = saga('changed', { version: 1, input: anything })
          .step('first', { perform: wait, undo: null })
          .end();
        await stage.restart({ sagas: [stage.bench.saga, old.saga, changed] });
        await stage.engine.submit(old.saga, order, { id: 'o1' });
        await stage.engine.submit(changed, {}, { id: 'o2' });
        await stage.submit('o4');
        const renamed = saga('changed', { version: 1, input: anything })
          .step('second', { perform: wait, undo: null })
          .end();
        const { events = [] } = stage.journal.read('o4') ?? {};
        const [first] = await stage.engine.list({ limit: 1 });
        if (!first) throw new Error('nothing is listed');
        const gap = events.map((event) => ({ ...event, seq: 7 }));
        await stage.journal.append({ run: 'o4', events: gap, summary: first, rest: due });
        await stage.restart({ sagas: [stage.bench.saga, renamed] });
        expect(await stage.engine.counts()).toMatchObject({ quarantined: 3, open: 0 });
        expect(await stage.view('o1')).toMatchObject({ saga: null, next: null });
        await stage.submit('o3');
        await stage.settle('o3');
        expect(await stage.engine.list({ limit: 9, status: 'accepted' })).toHaveLength(3);
      });

      test('repairs deferred steps, whatever it was that ended in between', async () => {
        stage.bench.answer = ({ what }) => (what === 'forward mail' ? lost : ok(null));
        await stage.submit('o1');
        await stage.settle('o1');
        expect((await stage.types('o1')).slice(-2)).toEqual(['step-deferred', 'completed']);
        await stage.restart();
        expect((await stage.engine.counts()).open).toBe(0);
        const attempts = stage.bench.calls.length;
        await stage.clock.run(() => stage.bench.calls.length === attempts + 3);
        stage.bench.answer = () => ok('sent');
        await stage.clock.run(async () => (await stage.view('o1')).next?.type === 'rest');
        expect((await stage.view('o1')).state.ways.mail).toMatchObject({
          result: 'ok',
          output: 'sent',
        });
        expect(await stage.engine.list({ status: 'owing', limit: 9 })).toEqual([]);
        expect(await stage.engine.counts()).toMatchObject({ open: 0, moving: 0 });
      });

      test('of repairs is not held up by those that nobody can make', async () => {
        const old = createOrderBench(2);
        old.answer = ({ what }) => (what === 'forward mail' ? lost : ok(null));
        await stage.restart({ sagas: [stage.bench.saga, old.saga] });
        const ids = Array.from({ length: 101 }, (_, i) => `old-${i}`);
        for (const id of ids) await stage.engine.submit(old.saga, order, { id });
        await stage.settle(...ids);
        stage.bench.answer = old.answer;
        await stage.submit('o1');
        await stage.settle('o1');
        stage.bench.answer = () => ok(null);
        await stage.restart();
        await stage.clock.run(async () => (await stage.view('o1')).next?.type === 'rest');
      });
    });

    describe('places', () => {
      test('are never more than the limit, and waiting runs hold none', async () => {
        await stage.restart({ concurrencyMax: 2 });
        let inFlight = 0;
        let most = 0;
        stage.bench.answer = async ({ what, number }) => {
          most = Math.max(most, ++inFlight);
          await new Promise((resolve) => stage.clock.setTimer(10, () => resolve(null)));
          inFlight--;
          return what === 'forward reserve' && number === 1 ? lost : ok(null);
        };
        const ids = Array.from({ length: 10 }, (_, i) => `o${i}`);
        for (const id of ids) await stage.submit(id);
        await stage.settle(...ids);
        expect(most).toBe(2);
      });

      test('are never all taken by undos that come back: one is left to runs that go forward', async () => {
        await stage.restart({ concurrencyMax: 2 });
        const undo = (number: number) => (number === 1 ? lost : never);
        stage.bench.answer = ({ what, run, number }) => {
          if (what === 'undo reserve') return undo(number);
          return what === 'forward pay' && run !== 'new' ? refused('declined') : ok(1);
        };
        for (const id of ['o1', 'o2', 'o3', 'o4']) await stage.submit(id);
        await stage.clock.run(() => stage.bench.calls.some(({ number }) => number === 2));
        await stage.clock.run(async () => (await stage.engine.counts()).queued > 0);
        const before = stage.clock.now();
        await stage.submit('new');
        await stage.settle('new');
        expect(stage.clock.now()).toBe(before);
      });

      test('go to undos before work in flight before new work', async () => {
        await stage.restart({ concurrencyMax: 1 });
        const gate = createGate();
        const answers: Record<string, Reply<unknown> | Promise<Reply<unknown>>> = {
          'undone forward pay 1': refused('declined'),
          'undone undo reserve 1': lost,
          'flying forward reserve 1': lost,
          'blocker forward reserve 1': gate.reply,
        };
        stage.bench.answer = ({ run, what, number }) =>
          answers[`${run} ${what} ${number}`] ?? ok(null);
        await stage.submit('undone');
        await stage.submit('flying');
        await stage.noted('undone', 'undo-unknown');
        await stage.submit('blocker');
        await stage.clock.run(() => stage.bench.calls.some(({ run }) => run === 'blocker'));
        await stage.submit('new');
        const before = stage.bench.calls.length;
        await stage.clock.run(async () => (await stage.engine.counts()).queued === 3);
        gate.open();
        await stage.settle('new', 'flying', 'undone', 'blocker');
        const order = stage.bench.calls.slice(before).map(({ run }) => run);
        expect([...new Set(order)]).toEqual(['blocker', 'undone', 'flying', 'new']);
      });
    });

    describe('a bug in the host', () => {
      test('is reported, and the run is looked at again', async () => {
        let failures = 1;
        const random = (): number => {
          if (failures-- > 0) throw new Error('no dice');
          return 0.5;
        };
        await stage.restart({ random });
        await stage.submit('o1');
        await stage.settle('o1');
        expect(stage.bugs.splice(0)).toMatchObject([{ message: 'no dice' }]);
      });

      test('in the options is refused: two definitions of one version', async () => {
        const other = saga('order', { version: 1, input: anything }).end();
        await expect(stage.restart({ sagas: [stage.bench.saga, other] })).rejects.toThrow(
          'order@1 is registered twice',
        );
      });
    });

    describe('stopping', () => {
      test('lets the attempt in flight end, commits it, and begins nothing more', async () => {
        const gate = createGate();
        stage.bench.answer = ({ what }) => (what === 'forward reserve' ? gate.reply : ok(null));
        await stage.submit('o1');
        await stage.called('forward reserve');
        const stopped = stage.engine.stop();
        gate.open();
        await stopped;
        expect(stage.done()).toEqual(['forward reserve']);
        await stage.start();
        expect((await stage.types('o1'))[1]).toBe('step-succeeded');
        await stage.settle('o1');
      });

      test('that a call asks for lets that call end, too', async () => {
        let stopped: Promise<void> | undefined;
        stage.bench.answer = () => {
          stopped ??= stage.engine.stop();
          return ok(null);
        };
        await stage.submit('o1');
        await stage.called('forward reserve');
        await stopped;
        expect(stage.done()).toEqual(['forward reserve']);
        await stage.start();
        expect((await stage.types('o1'))[1]).toBe('step-succeeded');
      });

      test('interrupts nothing, so that nothing is marked when it starts again', async () => {
        stage.bench.answer = ({ what }) => (what === 'forward reserve' ? lost : ok(null));
        await stage.submit('o1');
        await stage.noted('o1', 'step-unknown');
        const before = await stage.types('o1');
        await stage.engine.stop();
        await stage.start();
        expect(await stage.types('o1')).toEqual(before);
        stage.bench.answer = () => ok(null);
        await stage.settle('o1');
        expect((await stage.view('o1')).state.ways.reserve?.attempts).toBe(2);
      });

      test('leaves no timer behind', async () => {
        stage.bench.answer = () => ({ ...lost, retryAfterMs: 1_000 });
        await stage.submit('o1');
        await stage.noted('o1', 'step-unknown');
        const before = stage.clock.now();
        await stage.engine.stop();
        await expect(stage.clock.run(() => false)).rejects.toThrow('nothing is left');
        expect(stage.clock.now()).toBe(before);
      });

      test('still stores what was submitted before the journal closed, and refuses the rest', async () => {
        const gate = createGate();
        stage.bench.answer = () => gate.reply;
        await stage.submit('o1');
        await stage.called('forward reserve');
        const stopped = stage.engine.stop();
        await stage.submit('o2');
        const last = stage.engine.submit(stage.bench.saga, order, { id: 'o3' });
        gate.open();
        await stopped;
        await last;
        await expect(stage.engine.submit(stage.bench.saga, order, { id: 'o4' })).rejects.toThrow(
          'stopped',
        );
        await expect(stage.engine.cancel('o2', 'too late')).rejects.toThrow('stopped');
        await expect(stage.engine.notices.add({ at: 1 })).rejects.toThrow('stopped');
        await stage.engine.stop();
        await stage.start();
        stage.bench.answer = () => ok(null);
        await stage.settle('o1', 'o2', 'o3');
        expect(await stage.engine.read('o4')).toBeUndefined();
      });
    });
  });
}

const anything: Schema<unknown> = {
  '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value }) },
};
