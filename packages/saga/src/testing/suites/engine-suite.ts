import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createEngine, type Engine, type EngineOptions, type RunView } from '../../engine.ts';
import { type Crashable, createCrashable } from '../../fixtures/crash.ts';
import { createGate, createOrderBench, type OrderBench, order } from '../../fixtures/order.ts';
import { isSettled, toStatus } from '../../journal.ts';
import { ok, type Reply, refused } from '../../reply.ts';
import { saga } from '../../saga.ts';
import type { Schema } from '../../schema.ts';
import { createVirtualClock, type VirtualClock } from '../virtual-clock.ts';
import type { JournalHouse } from './journal-suite.ts';

const lost: Reply<never> = { reply: 'unknown', code: 'reset' };

/** What the embedded engine does, on whatever journal. */
export function describeEngine(name: string, createHouse: () => JournalHouse): void {
  describe(`the engine on a journal ${name}`, () => {
    let house: JournalHouse;
    let clock: VirtualClock;
    let bench: OrderBench;
    let process: Crashable;
    let engine: Engine;
    let bugs: unknown[];

    const start = async (options: Partial<EngineOptions> = {}): Promise<void> => {
      process = createCrashable(await house.open());
      engine = await createEngine({
        journal: process.journal,
        sagas: [bench.saga],
        clock,
        random: () => 0.5,
        onBug: (error) => bugs.push(error),
        ...options,
      });
    };
    const crash = (): void => {
      process.crash();
      clock.clear();
      process.journal.close();
    };
    const restart = async (options: Partial<EngineOptions> = {}): Promise<void> => {
      crash();
      await start(options);
    };
    const submit = async (id: string): Promise<void> => {
      expect(await engine.submit(bench.saga, order, { id })).toEqual({ type: 'accepted', id });
    };
    const view = (id: string): RunView => {
      const found = engine.read(id);
      if (!found) throw new Error(`${id} is not known`);
      return found;
    };
    const settle = (...ids: string[]): Promise<void> =>
      clock.run(() => ids.every((id) => isSettled(view(id).state)));
    const called = (what: string): Promise<void> =>
      clock.run(() => bench.calls.some((call) => call.what === what));
    const done = (): string[] => bench.calls.map(({ what }) => what);
    const types = (id: string): string[] => view(id).events.map(({ type }) => type);

    beforeEach(async () => {
      bugs = [];
      house = createHouse();
      clock = createVirtualClock();
      bench = createOrderBench();
      await start();
    });
    afterEach(() => {
      crash();
      house.remove();
      expect(bugs).toEqual([]);
    });

    describe('a submission', () => {
      test('runs to its end, step by step, under keys of its own', async () => {
        await submit('o1');
        await settle('o1');
        expect(types('o1')).toEqual([
          'accepted',
          'step-succeeded',
          'step-succeeded',
          'step-succeeded',
          'completed',
        ]);
        expect(bench.calls.map(({ what, key }) => `${what} ${key}`)).toEqual([
          'forward reserve o1:reserve',
          'forward pay o1:pay',
          'forward mail o1:mail',
        ]);
        expect(engine.counts()).toMatchObject({ moving: 0, queued: 0, open: 0 });
      });

      test('gets an id where it brings none', async () => {
        const submission = await engine.submit(bench.saga, order);
        expect(submission).toMatchObject({ type: 'accepted' });
        expect('id' in submission && submission.id).toMatch(/^run_[0-9a-f]{32}$/);
      });

      test('is known when it comes again, and a conflict when it asks for something else', async () => {
        const again = (fingerprint: string) =>
          engine.submit(bench.saga, order, { id: 'o1', fingerprint });
        expect(await again('five')).toMatchObject({ type: 'accepted' });
        expect(await again('five')).toEqual({ type: 'known', id: 'o1', prunedAs: null });
        expect(await again('six')).toEqual({ type: 'conflict', id: 'o1' });
        await restart();
        expect(await again('five')).toMatchObject({ type: 'known' });
        expect(await again('six')).toMatchObject({ type: 'conflict' });
      });

      test('is one run, however many ask at the same time', async () => {
        const answers = await Promise.all(
          Array.from({ length: 5 }, (_, i) =>
            engine.submit(bench.saga, order, { id: 'o1', fingerprint: i === 4 ? 'other' : '' }),
          ),
        );
        expect(answers.map(({ type }) => type)).toEqual([
          'accepted',
          'known',
          'known',
          'known',
          'conflict',
        ]);
        await settle('o1');
        expect(done()).toEqual(['forward reserve', 'forward pay', 'forward mail']);
      });

      test('is not acknowledged, nor begun, before it is durable', async () => {
        process.onAppend = (when) => when === 'before' && process.crash();
        let isAcknowledged = false;
        void engine.submit(bench.saga, order, { id: 'o1' }).then(() => {
          isAcknowledged = true;
        });
        await clock.run(() => true);
        expect(isAcknowledged).toBe(false);
        expect(bench.calls).toEqual([]);
      });

      test('is refused with every issue, found now or later', async () => {
        const issues = [{ message: 'not an order', path: ['amount'] }];
        const picky = (validate: Schema<unknown>['~standard']['validate']): Schema<unknown> => ({
          '~standard': { version: 1, vendor: 'test', validate },
        });
        for (const validate of [() => ({ issues }), async () => ({ issues })]) {
          const strict = saga('order', { version: 1, input: picky(validate) }).end();
          await restart({ sagas: [strict] });
          expect(await engine.submit(strict, {})).toEqual({ type: 'invalid', issues });
        }
        expect(engine.list({ limit: 9 })).toEqual([]);
      });

      test('is told to come back while too many runs are open', async () => {
        await restart({ openMax: 2 });
        const gate = createGate();
        bench.answer = () => gate.reply;
        await submit('o1');
        await submit('o2');
        expect(await engine.submit(bench.saga, order, { id: 'o3' })).toEqual({
          type: 'full',
          openMax: 2,
        });
        expect(await engine.submit(bench.saga, order, { id: 'o2' })).toMatchObject({
          type: 'known',
        });
        gate.open();
        await settle('o1', 'o2');
        await submit('o3');
      });

      test('of a saga that is not registered is a bug, and stores nothing', async () => {
        await expect(engine.submit(createOrderBench(2).saga, order)).rejects.toThrow(
          'order@2 is not registered',
        );
        expect(engine.list({ limit: 9 })).toEqual([]);
      });

      test('runs on the input that the journal holds', async () => {
        const inputs: unknown[] = [];
        const dated = saga('dated', { version: 1, input: anything })
          .step('look', {
            perform: async ({ input }) => {
              inputs.push(input);
              return ok(null);
            },
            undo: null,
          })
          .end();
        await restart({ sagas: [dated] });
        await engine.submit(dated, { at: new Date(0), none: undefined }, { id: 'o1' });
        await settle('o1');
        expect(inputs).toStrictEqual([{ at: '1970-01-01T00:00:00.000Z' }]);
        await expect(engine.submit(dated, { big: 1n }, { id: 'o2' })).rejects.toThrow(TypeError);
        expect(engine.read('o2')).toBeUndefined();
      });
    });

    describe('going back', () => {
      test('undoes what may exist when a step is refused', async () => {
        bench.answer = ({ what }) => (what === 'forward pay' ? refused('declined') : ok(null));
        await submit('o1');
        await settle('o1');
        expect(done()).toEqual(['forward reserve', 'forward pay', 'undo reserve']);
        expect(view('o1').state).toMatchObject({
          phase: 'compensated',
          reason: { code: 'declined', step: 'pay' },
        });
      });

      test('takes the alternate once the first way was undone', async () => {
        bench.answer = ({ what }) => (what === 'forward pay' ? lost : ok(null));
        await submit('o1');
        await settle('o1');
        expect(done()).toEqual([
          'forward reserve',
          'forward pay',
          'forward pay',
          'forward pay',
          'undo pay',
          'forward pay:alt',
          'forward mail',
        ]);
        expect(bench.calls.map(({ key }) => key)).toContain('o1:pay:alt');
      });

      test('is stuck while an undo is owed, and heals by itself', async () => {
        let isDown = true;
        bench.answer = ({ what }) => {
          if (what === 'forward pay') return refused('declined');
          return what === 'undo reserve' && isDown ? lost : ok(null);
        };
        await submit('o1');
        await clock.run(() => toStatus(view('o1').state) === 'stuck');
        expect(engine.list({ limit: 9, status: 'stuck' })).toHaveLength(1);
        isDown = false;
        await settle('o1');
        expect(toStatus(view('o1').state)).toBe('compensated');
        expect(engine.list({ limit: 9, status: 'stuck' })).toEqual([]);
      });
    });

    describe('a cancellation', () => {
      test('waits for the reply of the attempt in flight', async () => {
        const gate = createGate();
        bench.answer = ({ what }) => (what === 'forward reserve' ? gate.reply : ok(null));
        await submit('o1');
        await called('forward reserve');
        expect(await engine.cancel('o1', 'changed my mind')).toBe('cancel-requested');
        expect(view('o1').attempt).toMatchObject({ way: 'reserve', direction: 'forward' });
        gate.open();
        await settle('o1');
        expect(types('o1')).toEqual([
          'accepted',
          'cancel-requested',
          'step-succeeded',
          'compensation-decided',
          'undo-succeeded',
          'compensated',
        ]);
      });

      test('wakes a run that waits for its next attempt', async () => {
        bench.answer = ({ what }) =>
          what === 'forward reserve' ? { ...lost, retryAfterMs: 1_000 } : ok(null);
        await submit('o1');
        await clock.run(() => types('o1').includes('step-unknown'));
        const before = clock.now();
        await engine.cancel('o1', 'changed my mind');
        await settle('o1');
        expect(clock.now() - before).toBeLessThan(1_000);
        expect(done()).toEqual(['forward reserve', 'undo reserve']);
      });

      test('ends a run that is still queued, once', async () => {
        await restart({ concurrencyMax: 2 });
        const gate = createGate();
        bench.answer = ({ run }) => (run === 'o3' ? ok(null) : gate.reply);
        for (const id of ['o1', 'o2', 'o3']) await submit(id);
        await engine.cancel('o3', 'changed my mind');
        expect(engine.counts()).toMatchObject({ moving: 2, queued: 1 });
        gate.open();
        await settle('o1', 'o2', 'o3');
        expect(types('o3')).toEqual([
          'accepted',
          'cancel-requested',
          'compensation-decided',
          'compensated',
        ]);
      });

      test('comes too late past the pivot, at the end, and for what was never there', async () => {
        const gate = createGate();
        bench.answer = ({ what }) => (what === 'forward mail' ? gate.reply : ok(null));
        await submit('o1');
        await called('forward mail');
        expect(await engine.cancel('o1', 'too late')).toBe('past-the-pivot');
        gate.open();
        await settle('o1');
        expect(await engine.cancel('o1', 'too late')).toBe('settled');
        expect(await engine.cancel('o2', 'too early')).toBe('unknown-run');
        expect(types('o1')).not.toContain('cancel-requested');
      });

      test('is one event, however often it is asked for', async () => {
        const gate = createGate();
        bench.answer = ({ what }) => (what === 'forward reserve' ? gate.reply : ok(null));
        await submit('o1');
        await called('forward reserve');
        expect(
          await Promise.all([engine.cancel('o1', 'now'), engine.cancel('o1', 'now!')]),
        ).toEqual(['cancel-requested', 'cancel-requested']);
        gate.open();
        await settle('o1');
        expect(types('o1').filter((type) => type === 'cancel-requested')).toHaveLength(1);
      });

      test('is answered by what is being written: it never follows the end', async () => {
        const cancellations: Promise<string>[] = [];
        const plain = saga('order', { version: 3, input: anything })
          .step('only', { perform: async () => ok(null), undo: null })
          .end();
        await restart({ sagas: [plain] });
        process.onAppend = (when, { events }) => {
          if (when === 'before' && events.some(({ type }) => type === 'completed'))
            queueMicrotask(() => cancellations.push(engine.cancel('o1', 'now')));
        };
        await engine.submit(plain, {}, { id: 'o1' });
        await settle('o1');
        expect(await Promise.all(cancellations)).toEqual(['settled']);
        expect(types('o1')).toEqual(['accepted', 'step-succeeded', 'completed']);
        expect(engine.counts().open).toBe(0);
      });

      test('of a pruned run says that it is settled', async () => {
        await restart({ keepMs: 10 });
        await submit('o1');
        await clock.run(() => engine.read('o1') === undefined);
        expect(await engine.cancel('o1', 'too late')).toBe('settled');
      });

      test.each([
        ['accepted', 'compensated'],
        ['step-succeeded', 'compensated'],
        ['compensation-decided', 'compensated'],
        ['undo-unknown', 'compensated'],
        ['completed', 'completed'],
      ])('at the moment of "%s" ends the run %s', async (moment, end) => {
        const isCompleted = moment === 'completed';
        let misses = 1;
        bench.answer = ({ what }) => {
          if (what === 'forward pay' && !isCompleted) return refused('declined');
          return what === 'undo reserve' && misses-- > 0 ? lost : ok(null);
        };
        const cancellations: Promise<string>[] = [];
        const stop = engine.subscribe(({ event }) => {
          if (event.type === moment) cancellations.push(engine.cancel('o1', 'now'));
        });
        await submit('o1');
        await settle('o1');
        stop();
        await Promise.all(cancellations);
        expect(view('o1').state.phase).toBe(end);
        expect(types('o1').filter((type) => type === 'compensation-decided').length).toBe(
          isCompleted ? 0 : 1,
        );
      });
    });

    describe('whoever waits for the end', () => {
      test('gets the settled state, at once if it is there', async () => {
        await submit('o1');
        const waiting = engine.settled('o1');
        await settle('o1');
        expect((await waiting)?.phase).toBe('completed');
        expect((await engine.settled('o1'))?.phase).toBe('completed');
      });

      test('gets nothing for a run that is not known, or once it no longer waits', async () => {
        expect(await engine.settled('o1')).toBeUndefined();
        const gate = createGate();
        bench.answer = () => gate.reply;
        await submit('o1');
        const abort = new AbortController();
        const waiting = engine.settled('o1', abort.signal);
        abort.abort();
        expect(await waiting).toBeUndefined();
        expect(await engine.settled('o1', abort.signal)).toBeUndefined();
      });

      test('gets nothing when the engine stops', async () => {
        bench.answer = () => ({ ...lost, retryAfterMs: 1_000 });
        await submit('o1');
        const waiting = engine.settled('o1');
        await engine.stop();
        expect(await waiting).toBeUndefined();
      });
    });

    describe('whoever listens', () => {
      test('hears of each committed event in order, until it stops', async () => {
        const heard: string[] = [];
        const stop = engine.subscribe(({ run, position, event }) =>
          heard.push(`${position} ${run} ${event.type}`),
        );
        await submit('o1');
        await settle('o1');
        stop();
        await submit('o2');
        expect(heard).toEqual([
          '1 o1 accepted',
          '2 o1 step-succeeded',
          '3 o1 step-succeeded',
          '4 o1 step-succeeded',
          '5 o1 completed',
        ]);
        expect(engine.journal.readFeed(3, 1)).toMatchObject([{ run: 'o1', position: 4 }]);
      });

      test('and fails is reported, and holds nobody else up', async () => {
        const heard: string[] = [];
        engine.subscribe(() => {
          throw new Error('deaf');
        });
        engine.subscribe(({ event }) => heard.push(event.type));
        await submit('o1');
        const waiting = engine.settled('o1');
        await settle('o1');
        expect((await waiting)?.phase).toBe('completed');
        expect(heard).toHaveLength(5);
        expect(bugs.splice(0)).toHaveLength(5);
      });
    });

    describe('lists', () => {
      test('show the newest first, by page and by status', async () => {
        bench.answer = ({ run, what }) =>
          run === 'o2' && what === 'forward reserve' ? refused('sold-out') : ok(null);
        for (const id of ['o1', 'o2', 'o3']) await submit(id);
        await settle('o1', 'o2', 'o3');
        const [newest, next] = engine.list({ limit: 2 });
        expect([newest?.id, next?.id]).toEqual(['o3', 'o2']);
        expect(engine.list({ limit: 2, before: next?.number })).toMatchObject([{ id: 'o1' }]);
        expect(engine.list({ limit: 9, status: 'compensated' })).toMatchObject([{ id: 'o2' }]);
      });
    });

    describe('pruning', () => {
      test('forgets what ended long ago, carries its total, and resets the feed', async () => {
        const carry: EngineOptions['carry'] = (total, { phase }) =>
          Number(total ?? 0) + (phase === 'completed' ? 1 : 0);
        await restart({ keepMs: 60_000, carry });
        await submit('o1');
        await submit('o2');
        await settle('o1', 'o2');
        await clock.run(() => engine.read('o2') === undefined);
        expect(engine.journal.readCarried()).toBe(2);
        expect(engine.journal.readFeed(0, 9)).toBeUndefined();
        expect(await engine.submit(bench.saga, order, { id: 'o1' })).toEqual({
          type: 'known',
          id: 'o1',
          prunedAs: 'completed',
        });
        await submit('o3');
        await clock.run(() => engine.journal.readCarried() === 3);
      });

      test('spares a run whose repair is owed', async () => {
        await restart({ keepMs: 10 });
        bench.answer = ({ what }) => (what === 'forward mail' ? lost : ok(null));
        await submit('o1');
        await settle('o1');
        const later = clock.now() + 60_000;
        await clock.run(() => clock.now() > later);
        expect(toStatus(view('o1').state)).toBe('completed');
        bench.answer = () => ok(null);
        await clock.run(() => engine.read('o1') === undefined);
      });

      test('that fails is reported, and goes on', async () => {
        let failures = 1;
        const carry = (): unknown => {
          if (failures-- > 0) throw new Error('no total');
          return 1;
        };
        await restart({ keepMs: 10, carry });
        await submit('o1');
        await clock.run(() => engine.journal.readCarried() === 1);
        expect(bugs.splice(0)).toMatchObject([{ message: 'no total' }]);
      });
    });

    describe('secrets', () => {
      test('reach the participants, also after a crash, and are shown nowhere', async () => {
        const gate = createGate();
        bench.answer = ({ what, number }) =>
          what === 'forward pay' && number === 1 ? gate.reply : ok(null);
        const heard: unknown[] = [];
        await submit('o1');
        await called('forward pay');
        await restart();
        engine.subscribe((committed) => heard.push(committed));
        await settle('o1');
        expect(bench.calls.every(({ token }) => token === 'tok_secret')).toBe(true);
        const shown = JSON.stringify([view('o1'), heard, engine.list({ limit: 9 })]);
        expect(shown).not.toContain('tok_secret');
      });

      test('are erased at settlement', async () => {
        const gate = createGate();
        bench.answer = ({ what }) => (what === 'forward pay' ? gate.reply : ok(null));
        await submit('o1');
        await called('forward pay');
        expect(engine.journal.read('o1')?.secrets).toEqual({ 'payment.token': 'tok_secret' });
        gate.open(refused('declined'));
        await settle('o1');
        expect(engine.journal.read('o1')?.secrets).toEqual({});
      });

      test('are gone for a repair that follows at once, as they are after a crash', async () => {
        await restart({ random: () => 0 });
        bench.answer = ({ what }) => (what === 'forward mail' ? lost : ok(null));
        await submit('o1');
        await settle('o1');
        await clock.run(() => bench.calls.length > 5);
        const mails = bench.calls.filter(({ what }) => what === 'forward mail');
        expect(mails.slice(0, 4).map(({ token }) => token)).toEqual([
          'tok_secret',
          'tok_secret',
          'tok_secret',
          undefined,
        ]);
        bench.answer = () => ok(null);
      });
    });

    describe('recovery', () => {
      test('marks the attempt whose end was not seen, and asks again under the same key', async () => {
        const gate = createGate();
        bench.answer = ({ what, number }) =>
          what === 'forward pay' && number === 1 ? gate.reply : ok(null);
        await submit('o1');
        await called('forward pay');
        await restart();
        await settle('o1');
        expect(view('o1').events[2]).toMatchObject({
          type: 'step-unknown',
          way: 'pay',
          attempt: 1,
          code: 'interrupted',
          interrupted: true,
        });
        const pays = bench.calls.filter(({ what }) => what === 'forward pay');
        expect(pays).toMatchObject([
          { key: 'o1:pay', number: 1 },
          { key: 'o1:pay', number: 2 },
        ]);
      });

      test('keeps the time of the next attempt', async () => {
        bench.answer = ({ what, number }) =>
          what === 'forward pay' && number === 1 ? { ...lost, retryAfterMs: 1_000 } : ok(null);
        await submit('o1');
        await clock.run(() => types('o1').includes('step-unknown'));
        const { retryAt } = view('o1').state.ways.pay ?? {};
        await restart();
        await settle('o1');
        const [again] = view('o1')
          .events.filter(({ type }) => type === 'step-succeeded')
          .slice(1);
        expect(again).toMatchObject({ way: 'pay', startedAt: retryAt });
      });

      test('ends before the engine is handed out', async () => {
        const gate = createGate();
        bench.answer = () => gate.reply;
        await submit('o1');
        await called('forward reserve');
        await restart();
        expect(types('o1')).toEqual(['accepted', 'step-unknown']);
      });

      test('goes on with the way back, and decides nothing anew', async () => {
        const gate = createGate();
        bench.answer = ({ what, number }) => {
          if (what === 'forward pay') return refused('declined');
          return what === 'undo reserve' && number === 1 && done().length < 4
            ? gate.reply
            : ok(null);
        };
        await submit('o1');
        await called('undo reserve');
        await restart();
        await settle('o1');
        expect(done()).toEqual(['forward reserve', 'forward pay', 'undo reserve', 'undo reserve']);
      });

      test('sets aside what is of another version or structure, or damaged, and goes on', async () => {
        const gate = createGate();
        bench.answer = ({ run }) => (run === 'o3' ? ok(null) : gate.reply);
        const old = createOrderBench(2);
        old.answer = () => gate.reply;
        const wait = async () => ok((await gate.reply).reply);
        const changed = saga('changed', { version: 1, input: anything })
          .step('first', { perform: wait, undo: null })
          .end();
        await restart({ sagas: [bench.saga, old.saga, changed] });
        await engine.submit(old.saga, order, { id: 'o1' });
        await engine.submit(changed, {}, { id: 'o2' });
        await submit('o4');
        const renamed = saga('changed', { version: 1, input: anything })
          .step('second', { perform: wait, undo: null })
          .end();
        const { events = [] } = engine.journal.read('o4') ?? {};
        const [first] = engine.list({ limit: 1 });
        if (!first) throw new Error('nothing is listed');
        const gap = events.map((event) => ({ ...event, seq: 7 }));
        await engine.journal.append({ run: 'o4', events: gap, summary: first });
        await restart({ sagas: [bench.saga, renamed] });
        expect(engine.counts()).toMatchObject({ quarantined: 3, open: 0 });
        expect(view('o1')).toMatchObject({ saga: null, next: null });
        await submit('o3');
        await settle('o3');
        expect(engine.list({ limit: 9, status: 'accepted' })).toHaveLength(3);
      });

      test('repairs what was put off, whatever it was that ended in between', async () => {
        bench.answer = ({ what }) => (what === 'forward mail' ? lost : ok(null));
        await submit('o1');
        await settle('o1');
        expect(types('o1').slice(-2)).toEqual(['step-deferred', 'completed']);
        await restart();
        expect(engine.counts().open).toBe(0);
        const attempts = bench.calls.length;
        await clock.run(() => bench.calls.length === attempts + 3);
        bench.answer = () => ok('sent');
        await clock.run(() => view('o1').next?.type === 'rest');
        expect(view('o1').state.ways.mail).toMatchObject({ result: 'ok', output: 'sent' });
        expect(engine.journal.listRepairs(clock.now() + 1e9, 9)).toEqual([]);
        expect(engine.counts()).toMatchObject({ open: 0, moving: 0 });
      });

      test('of repairs is not held up by those that nobody can make', async () => {
        const old = createOrderBench(2);
        old.answer = ({ what }) => (what === 'forward mail' ? lost : ok(null));
        await restart({ sagas: [bench.saga, old.saga] });
        const ids = Array.from({ length: 101 }, (_, i) => `old-${i}`);
        for (const id of ids) await engine.submit(old.saga, order, { id });
        await settle(...ids);
        bench.answer = old.answer;
        await submit('o1');
        await settle('o1');
        bench.answer = () => ok(null);
        await restart();
        await clock.run(() => view('o1').next?.type === 'rest');
      });
    });

    describe('places', () => {
      test('are never more than the limit, and waiting runs hold none', async () => {
        await restart({ concurrencyMax: 2 });
        let inFlight = 0;
        let most = 0;
        bench.answer = async ({ what, number }) => {
          most = Math.max(most, ++inFlight);
          await new Promise((resolve) => clock.setTimer(10, () => resolve(null)));
          inFlight--;
          return what === 'forward reserve' && number === 1 ? lost : ok(null);
        };
        const ids = Array.from({ length: 10 }, (_, i) => `o${i}`);
        for (const id of ids) await submit(id);
        await settle(...ids);
        expect(most).toBe(2);
      });

      test('go to undos before work in flight before new work', async () => {
        await restart({ concurrencyMax: 1 });
        const gate = createGate();
        const answers: Record<string, Reply<unknown> | Promise<Reply<unknown>>> = {
          'undone forward pay 1': refused('declined'),
          'undone undo reserve 1': lost,
          'flying forward reserve 1': lost,
          'blocker forward reserve 1': gate.reply,
        };
        bench.answer = ({ run, what, number }) => answers[`${run} ${what} ${number}`] ?? ok(null);
        await submit('undone');
        await submit('flying');
        await clock.run(() => types('undone').includes('undo-unknown'));
        await submit('blocker');
        await clock.run(() => bench.calls.some(({ run }) => run === 'blocker'));
        await submit('new');
        const before = bench.calls.length;
        await clock.run(() => engine.counts().queued === 3);
        gate.open();
        await settle('new', 'flying', 'undone', 'blocker');
        const order = bench.calls.slice(before).map(({ run }) => run);
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
        await restart({ random });
        await submit('o1');
        await settle('o1');
        expect(bugs.splice(0)).toMatchObject([{ message: 'no dice' }]);
      });

      test('in the options is refused: two definitions of one version', async () => {
        const other = saga('order', { version: 1, input: anything }).end();
        await expect(restart({ sagas: [bench.saga, other] })).rejects.toThrow(
          'order@1 is registered twice',
        );
      });
    });

    describe('stopping', () => {
      test('lets the attempt in flight end, commits it, and begins nothing more', async () => {
        const gate = createGate();
        bench.answer = ({ what }) => (what === 'forward reserve' ? gate.reply : ok(null));
        await submit('o1');
        await called('forward reserve');
        const stopped = engine.stop();
        gate.open();
        await stopped;
        expect(done()).toEqual(['forward reserve']);
        await start();
        expect(types('o1')[1]).toBe('step-succeeded');
        await settle('o1');
      });

      test('leaves no timer behind', async () => {
        bench.answer = () => ({ ...lost, retryAfterMs: 1_000 });
        await submit('o1');
        await clock.run(() => types('o1').includes('step-unknown'));
        const before = clock.now();
        await engine.stop();
        await expect(clock.run(() => false)).rejects.toThrow('nothing is left');
        expect(clock.now()).toBe(before);
      });

      test('still stores what was submitted before the journal closed, and refuses the rest', async () => {
        const gate = createGate();
        bench.answer = () => gate.reply;
        await submit('o1');
        await called('forward reserve');
        const stopped = engine.stop();
        await submit('o2');
        const last = engine.submit(bench.saga, order, { id: 'o3' });
        gate.open();
        await stopped;
        await last;
        await expect(engine.submit(bench.saga, order, { id: 'o4' })).rejects.toThrow('stopped');
        await expect(engine.cancel('o2', 'too late')).rejects.toThrow('stopped');
        await engine.stop();
        await start();
        bench.answer = () => ok(null);
        await settle('o1', 'o2', 'o3');
        expect(engine.read('o4')).toBeUndefined();
      });
    });
  });
}

const anything: Schema<unknown> = {
  '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value }) },
};
