import { describe, expect, test, vi } from 'vitest';
import { ok, type Reply, refused } from '../../core/reply.ts';
import { saga } from '../../core/saga.ts';
import type { Schema } from '../../core/schema.ts';
import { toStatus } from '../../core/status.ts';
import { createGate, createOrderBench, order } from '../../fixtures/order.ts';
import { useEngineStage } from './engine-stage.ts';
import type { JournalHouse } from './journal-suite.ts';

const lost: Reply<never> = { reply: 'unknown', code: 'reset' };

/** What the embedded engine does, on whatever journal. */
export function describeEngine(name: string, createHouse: () => JournalHouse): void {
  describe(`the engine on a journal ${name}`, () => {
    const stage = useEngineStage(createHouse);

    describe('a submission', () => {
      test('runs to its end, step by step, under keys of its own', async () => {
        await stage.submit('o1');
        await stage.settle('o1');
        expect(await stage.types('o1')).toEqual([
          'accepted',
          'step-succeeded',
          'step-succeeded',
          'step-succeeded',
          'completed',
        ]);
        expect(stage.bench.calls.map(({ what, key }) => `${what} ${key}`)).toEqual([
          'forward reserve o1:reserve',
          'forward pay o1:pay',
          'forward mail o1:mail',
        ]);
        expect(await stage.engine.counts()).toMatchObject({ moving: 0, queued: 0, open: 0 });
      });

      test('can be looked at without its history while it is open', async () => {
        const held = createGate();
        stage.bench.answer = ({ what }) => (what === 'forward pay' ? held.reply : ok(1));
        await stage.submit('o1');
        await stage.called('forward pay');
        const read = vi.spyOn(stage.journal, 'read');
        expect(await stage.engine.readState('o1')).toMatchObject({ phase: 'forward', seq: 2 });
        expect(read).not.toHaveBeenCalled();
        held.open();
        await stage.settle('o1');
        expect(await stage.engine.readState('o1')).toEqual((await stage.view('o1')).state);
        expect(await stage.engine.readState('o2')).toBeUndefined();
      });

      test('gets an id where it brings none', async () => {
        const submission = await stage.engine.submit(stage.bench.saga, order);
        expect(submission).toMatchObject({ type: 'accepted' });
        expect('id' in submission && submission.id).toMatch(/^run_[0-9a-f]{32}$/);
      });

      test('is known when it comes again, and a conflict when it asks for something else', async () => {
        const again = (fingerprint: string) =>
          stage.engine.submit(stage.bench.saga, order, { id: 'o1', fingerprint });
        expect(await again('five')).toMatchObject({ type: 'accepted' });
        expect(await again('five')).toEqual({ type: 'known', id: 'o1', prunedAs: null });
        expect(await again('six')).toEqual({ type: 'conflict', id: 'o1' });
        await stage.restart();
        expect(await again('five')).toMatchObject({ type: 'known' });
        expect(await again('six')).toMatchObject({ type: 'conflict' });
      });

      test('is one run, however many ask at the same time', async () => {
        const answers = await Promise.all(
          Array.from({ length: 5 }, (_, i) =>
            stage.engine.submit(stage.bench.saga, order, {
              id: 'o1',
              fingerprint: i === 4 ? 'other' : '',
            }),
          ),
        );
        expect(answers.map(({ type }) => type)).toEqual([
          'accepted',
          'known',
          'known',
          'known',
          'conflict',
        ]);
        await stage.settle('o1');
        expect(stage.done()).toEqual(['forward reserve', 'forward pay', 'forward mail']);
      });

      test('is not acknowledged, nor begun, before it is durable', async () => {
        stage.process.onAppend = (when) => when === 'before' && stage.process.crash();
        let isAcknowledged = false;
        void stage.engine.submit(stage.bench.saga, order, { id: 'o1' }).then(() => {
          isAcknowledged = true;
        });
        await stage.clock.run(() => true);
        expect(isAcknowledged).toBe(false);
        expect(stage.bench.calls).toEqual([]);
      });

      test('is refused with every issue, found now or later', async () => {
        const issues = [{ message: 'not an order', path: ['amount'] }];
        const picky = (validate: Schema<unknown>['~standard']['validate']): Schema<unknown> => ({
          '~standard': { version: 1, vendor: 'test', validate },
        });
        for (const validate of [() => ({ issues }), async () => ({ issues })]) {
          const strict = saga('order', { version: 1, input: picky(validate) }).end();
          await stage.restart({ sagas: [strict] });
          expect(await stage.engine.submit(strict, {})).toEqual({ type: 'invalid', issues });
        }
        expect(await stage.engine.list({ limit: 9 })).toEqual([]);
      });

      test('is told to come back while too many runs are open', async () => {
        await stage.restart({ openMax: 2 });
        const gate = createGate();
        stage.bench.answer = () => gate.reply;
        await stage.submit('o1');
        await stage.submit('o2');
        expect(await stage.engine.submit(stage.bench.saga, order, { id: 'o3' })).toEqual({
          type: 'full',
          openMax: 2,
        });
        expect(await stage.engine.submit(stage.bench.saga, order, { id: 'o2' })).toMatchObject({
          type: 'known',
        });
        gate.open();
        await stage.settle('o1', 'o2');
        await stage.submit('o3');
      });

      test('of a saga that is not registered is a bug, and stores nothing', async () => {
        await expect(stage.engine.submit(createOrderBench(2).saga, order)).rejects.toThrow(
          'order@2 is not registered',
        );
        expect(await stage.engine.list({ limit: 9 })).toEqual([]);
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
        await stage.restart({ sagas: [dated] });
        await stage.engine.submit(dated, { at: 0, none: undefined }, { id: 'o1' });
        await stage.settle('o1');
        expect(inputs).toStrictEqual([{ at: 0 }]);
        for (const input of [{ big: 1n }, { at: new Date(0) }])
          await expect(stage.engine.submit(dated, input, { id: 'o2' })).rejects.toThrow(TypeError);
        expect(await stage.engine.read('o2')).toBeUndefined();
      });
    });

    describe('going back', () => {
      test('undoes what may exist when a step is refused', async () => {
        stage.bench.answer = ({ what }) =>
          what === 'forward pay' ? refused('declined') : ok(null);
        await stage.submit('o1');
        await stage.settle('o1');
        expect(stage.done()).toEqual(['forward reserve', 'forward pay', 'undo reserve']);
        expect((await stage.view('o1')).state).toMatchObject({
          phase: 'compensated',
          reason: { code: 'declined', step: 'pay' },
        });
      });

      test('takes the alternate once the first way was undone', async () => {
        stage.bench.answer = ({ what }) => (what === 'forward pay' ? lost : ok(null));
        await stage.submit('o1');
        await stage.settle('o1');
        expect(stage.done()).toEqual([
          'forward reserve',
          'forward pay',
          'forward pay',
          'forward pay',
          'undo pay',
          'forward pay:alt',
          'forward mail',
        ]);
        expect(stage.bench.calls.map(({ key }) => key)).toContain('o1:pay:alt');
      });

      test('is stuck while an undo is owed, and heals by itself', async () => {
        let isDown = true;
        stage.bench.answer = ({ what }) => {
          if (what === 'forward pay') return refused('declined');
          return what === 'undo reserve' && isDown ? lost : ok(null);
        };
        await stage.submit('o1');
        await stage.clock.run(async () => toStatus((await stage.view('o1')).state) === 'stuck');
        expect(await stage.engine.list({ limit: 9, status: 'stuck' })).toHaveLength(1);
        isDown = false;
        await stage.settle('o1');
        expect(toStatus((await stage.view('o1')).state)).toBe('compensated');
        expect(await stage.engine.list({ limit: 9, status: 'stuck' })).toEqual([]);
      });
    });

    describe('a cancellation', () => {
      test('waits for the reply of the attempt in flight', async () => {
        const gate = createGate();
        stage.bench.answer = ({ what }) => (what === 'forward reserve' ? gate.reply : ok(null));
        await stage.submit('o1');
        await stage.called('forward reserve');
        expect(await stage.engine.cancel('o1', 'changed my mind')).toBe('cancel-requested');
        expect((await stage.view('o1')).attempt).toMatchObject({
          way: 'reserve',
          direction: 'forward',
        });
        gate.open();
        await stage.settle('o1');
        expect(await stage.types('o1')).toEqual([
          'accepted',
          'cancel-requested',
          'step-succeeded',
          'compensation-decided',
          'undo-succeeded',
          'compensated',
        ]);
      });

      test('wakes a run that waits for its next attempt', async () => {
        stage.bench.answer = ({ what }) =>
          what === 'forward reserve' ? { ...lost, retryAfterMs: 1_000 } : ok(null);
        await stage.submit('o1');
        await stage.noted('o1', 'step-unknown');
        const before = stage.clock.now();
        await stage.engine.cancel('o1', 'changed my mind');
        await stage.settle('o1');
        expect(stage.clock.now() - before).toBeLessThan(1_000);
        expect(stage.done()).toEqual(['forward reserve', 'undo reserve']);
      });

      test('ends a run that is still queued, once', async () => {
        await stage.restart({ concurrencyMax: 2 });
        const gate = createGate();
        stage.bench.answer = ({ run }) => (run === 'o3' ? ok(null) : gate.reply);
        for (const id of ['o1', 'o2', 'o3']) await stage.submit(id);
        await stage.engine.cancel('o3', 'changed my mind');
        expect(await stage.engine.counts()).toMatchObject({ moving: 2, queued: 1 });
        gate.open();
        await stage.settle('o1', 'o2', 'o3');
        expect(await stage.types('o3')).toEqual([
          'accepted',
          'cancel-requested',
          'compensation-decided',
          'compensated',
        ]);
      });

      test('comes too late past the pivot, at the end, and for what was never there', async () => {
        const gate = createGate();
        stage.bench.answer = ({ what }) => (what === 'forward mail' ? gate.reply : ok(null));
        await stage.submit('o1');
        await stage.called('forward mail');
        expect(await stage.engine.cancel('o1', 'too late')).toBe('past-the-pivot');
        gate.open();
        await stage.settle('o1');
        expect(await stage.engine.cancel('o1', 'too late')).toBe('settled');
        expect(await stage.engine.cancel('o2', 'too early')).toBe('unknown-run');
        expect(await stage.types('o1')).not.toContain('cancel-requested');
      });

      test('is one event, however often it is asked for', async () => {
        const gate = createGate();
        stage.bench.answer = ({ what }) => (what === 'forward reserve' ? gate.reply : ok(null));
        await stage.submit('o1');
        await stage.called('forward reserve');
        expect(
          await Promise.all([stage.engine.cancel('o1', 'now'), stage.engine.cancel('o1', 'now!')]),
        ).toEqual(['cancel-requested', 'cancel-requested']);
        gate.open();
        await stage.settle('o1');
        expect(
          (await stage.types('o1')).filter((type) => type === 'cancel-requested'),
        ).toHaveLength(1);
      });

      test('is answered by what is being written: it never follows the end', async () => {
        const cancellations: Promise<string>[] = [];
        const plain = saga('order', { version: 3, input: anything })
          .step('only', { perform: async () => ok(null), undo: null })
          .end();
        await stage.restart({ sagas: [plain] });
        stage.process.onAppend = (when, { events }) => {
          if (when === 'before' && events.some(({ type }) => type === 'completed'))
            queueMicrotask(() => cancellations.push(stage.engine.cancel('o1', 'now')));
        };
        await stage.engine.submit(plain, {}, { id: 'o1' });
        await stage.settle('o1');
        expect(await Promise.all(cancellations)).toEqual(['settled']);
        expect(await stage.types('o1')).toEqual(['accepted', 'step-succeeded', 'completed']);
        expect((await stage.engine.counts()).open).toBe(0);
      });

      test('of a pruned run says that it is settled', async () => {
        await stage.restart({ keepMs: 10 });
        await stage.submit('o1');
        await stage.gone('o1');
        expect(await stage.engine.cancel('o1', 'too late')).toBe('settled');
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
        stage.bench.answer = ({ what }) => {
          if (what === 'forward pay' && !isCompleted) return refused('declined');
          return what === 'undo reserve' && misses-- > 0 ? lost : ok(null);
        };
        const cancellations: Promise<string>[] = [];
        const stop = stage.engine.feed.subscribe(({ event }) => {
          if (event.type === moment) cancellations.push(stage.engine.cancel('o1', 'now'));
        });
        await stage.submit('o1');
        await stage.settle('o1');
        stop();
        await Promise.all(cancellations);
        expect((await stage.view('o1')).state.phase).toBe(end);
        expect(
          (await stage.types('o1')).filter((type) => type === 'compensation-decided').length,
        ).toBe(isCompleted ? 0 : 1);
      });
    });

    describe('whoever waits for the end', () => {
      test('gets the settled state, at once if it is there', async () => {
        await stage.submit('o1');
        const waiting = stage.engine.settled('o1');
        await stage.settle('o1');
        expect((await waiting)?.phase).toBe('completed');
        expect((await stage.engine.settled('o1'))?.phase).toBe('completed');
      });

      test('is told of no end before it is durable', async () => {
        const told: unknown[] = [];
        let hasCrashed = false;
        stage.process.onAppend = (when, { summary }) => {
          if (when === 'after' || summary.settledAt === null) return;
          void stage.engine.settled('o1').then((state) => told.push(state));
          stage.process.crash();
          hasCrashed = true;
        };
        await stage.submit('o1');
        await stage.clock.run(() => hasCrashed);
        await stage.clock.run(() => true);
        expect(told).toEqual([]);
      });

      test('gets nothing for a run that is not known, or once it no longer waits', async () => {
        expect(await stage.engine.settled('o1')).toBeUndefined();
        const gate = createGate();
        stage.bench.answer = () => gate.reply;
        await stage.submit('o1');
        const abort = new AbortController();
        const waiting = stage.engine.settled('o1', abort.signal);
        abort.abort();
        expect(await waiting).toBeUndefined();
        expect(await stage.engine.settled('o1', abort.signal)).toBeUndefined();
      });

      test('gets nothing when the engine stops', async () => {
        stage.bench.answer = () => ({ ...lost, retryAfterMs: 1_000 });
        await stage.submit('o1');
        const waiting = stage.engine.settled('o1');
        await stage.engine.stop();
        expect(await waiting).toBeUndefined();
      });
    });

    describe('whoever listens', () => {
      test('hears of each committed event in order, until it stops', async () => {
        const heard: string[] = [];
        const phases: string[] = [];
        const stop = stage.engine.feed.subscribe(({ run, position, event, state }) => {
          heard.push(`${position} ${run} ${event.type}`);
          phases.push(`${state.phase} ${state.seq}`);
        });
        await stage.submit('o1');
        await stage.settle('o1');
        stop();
        await stage.submit('o2');
        expect(heard).toEqual([
          '1 o1 accepted',
          '2 o1 step-succeeded',
          '3 o1 step-succeeded',
          '4 o1 step-succeeded',
          '5 o1 completed',
        ]);
        // The last result shares its commit with the end that follows from it.
        const last = ['completed 5', 'completed 5'];
        expect(phases).toEqual(['forward 1', 'forward 2', 'forward 3', ...last]);
        expect(stage.journal.readFeed(3, 1)).toMatchObject([{ run: 'o1', position: 4 }]);
      });

      test('and fails is reported, and holds nobody else up', async () => {
        const heard: string[] = [];
        stage.engine.feed.subscribe(() => {
          throw new Error('deaf');
        });
        stage.engine.feed.subscribe(({ event }) => heard.push(event.type));
        await stage.submit('o1');
        const waiting = stage.engine.settled('o1');
        await stage.settle('o1');
        expect((await waiting)?.phase).toBe('completed');
        expect(heard).toHaveLength(5);
        expect(stage.bugs.splice(0)).toHaveLength(5);
      });
    });

    describe('lists', () => {
      test('show the newest first, by page and by status', async () => {
        stage.bench.answer = ({ run, what }) =>
          run === 'o2' && what === 'forward reserve' ? refused('sold-out') : ok(null);
        for (const id of ['o1', 'o2', 'o3']) await stage.submit(id);
        await stage.settle('o1', 'o2', 'o3');
        const [newest, next] = await stage.engine.list({ limit: 2 });
        expect([newest?.id, next?.id]).toEqual(['o3', 'o2']);
        expect(await stage.engine.list({ limit: 2, before: next?.number })).toMatchObject([
          { id: 'o1' },
        ]);
        expect(await stage.engine.list({ limit: 9, status: 'compensated' })).toMatchObject([
          { id: 'o2' },
        ]);
      });
    });
  });
}

const anything: Schema<unknown> = {
  '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value }) },
};
