import { describe, expect, test } from 'vitest';
import { ok, type Reply, refused } from '../../core/reply.ts';
import { saga } from '../../core/saga.ts';
import { anyInput } from '../../fixtures/any-input.ts';
import { createGate } from '../../fixtures/order.ts';
import { useEngineStage } from './engine-stage.ts';
import type { JournalHouse } from './journal-suite.ts';

const down: Reply<never> = { reply: 'unsent', code: 'connection-refused' };
const lost: Reply<never> = { reply: 'unknown', code: 'reset' };

/** Which of the runs that wait for a participant is called next, on every journal. */
export function describeEngineRows(name: string, createHouse: () => JournalHouse): void {
  describe(`the runs that wait for a participant, on a journal ${name}`, () => {
    const stage = useEngineStage(createHouse);
    const submit = async (...ids: string[]): Promise<void> => {
      await Promise.all(ids.map((id) => stage.submit(id)));
    };
    const numbered = (prefix: string, count: number): string[] =>
      Array.from({ length: count }, (_, index) => `${prefix}${index + 1}`);
    const look = async (participant: string) =>
      (await stage.engine.participants()).find((view) => view.participant === participant);
    const areHeld = (participant: string, kind: 'parked' | 'waiting', count: number) =>
      stage.clock.run(async () => (await look(participant))?.[kind] === count);
    const pass = (ms: number): Promise<void> => {
      const end = stage.clock.now() + ms;
      stage.clock.setTimer(ms, () => {});
      return stage.clock.run(() => stage.clock.now() >= end);
    };
    const callsOf = (what: string): string[] =>
      stage.bench.calls.filter((call) => call.what === what).map(({ run }) => run);

    test('are probed by one that did not fail there, however long the others have waited', async () => {
      stage.bench.answer = ({ what }) => (what === 'forward reserve' ? down : ok(1));
      const failed = numbered('failed', 5);
      await submit(...failed);
      await areHeld('reserve', 'parked', 5);
      await submit('innocent');
      await areHeld('reserve', 'parked', 6);
      stage.bench.calls.length = 0;
      await stage.called('forward reserve');
      expect(callsOf('forward reserve')).toEqual(['innocent']);
      // The probe failed as well: the run that has waited the longest is next.
      await stage.clock.run(() => stage.bench.calls.length === 2);
      expect(callsOf('forward reserve')[1]).toMatch(/^failed/);
    });

    test('go on at their rate, however many others come and go meanwhile', async () => {
      await stage.restart({ drainPerSecond: 50, callsMax: 8 });
      stage.bench.answer = ({ what }) => (what === 'forward reserve' ? down : ok(1));
      const ids = numbered('o', 41);
      await submit(...ids);
      await areHeld('reserve', 'parked', 41);
      const times: number[] = [];
      stage.bench.answer = ({ run, what }) => {
        if (what === 'forward reserve' && run.startsWith('o')) times.push(stage.clock.now());
        return ok(1);
      };
      await stage.clock.run(async () => (await look('reserve'))?.breaker === 'closed');
      const closedAt = stage.clock.now();
      for (let visit = 0; visit < 100; visit++) {
        await submit(`visitor${visit}`);
        await pass(10);
      }
      await stage.settle(...ids);
      const drained = times.slice(1);
      expect(drained).toHaveLength(40);
      const rounds = [...Map.groupBy(drained, (at) => Math.floor((at - closedAt) / 100)).values()];
      expect(rounds.map((round) => round.length)).toEqual(Array(8).fill(5));
      expect(Math.max(...drained) - closedAt).toBeLessThan(900);
    });

    test('in line when the breaker opens are parked', async () => {
      await stage.restart({ callsMax: 5 });
      const held = createGate();
      stage.bench.answer = ({ what }) => (what === 'forward reserve' ? held.reply : ok(1));
      const ids = numbered('o', 12);
      await submit(...ids);
      await areHeld('reserve', 'waiting', 7);
      held.open(down);
      await areHeld('reserve', 'parked', 12);
      expect(await look('reserve')).toMatchObject({ waiting: 0, inFlight: 0, breaker: 'open' });
      expect(await stage.engine.counts()).toMatchObject({ moving: 0, queued: 0 });
      expect(await stage.types('o12')).toEqual(['accepted', 'step-parked']);
      stage.bench.answer = () => ok(1);
      await stage.settle(...ids);
    });

    test('are parked also when the breaker opened just as they found no permit', async () => {
      await stage.restart({ callsMax: 5 });
      // Nobody can say in which turn that is: in one of these.
      for (let turns = 0; turns < 25; turns++) {
        const held = createGate();
        stage.bench.answer = ({ what }) => (what === 'forward reserve' ? held.reply : ok(1));
        const ids = numbered(`t${turns}-`, 5);
        await submit(...ids);
        await stage.clock.run(async () => (await look('reserve'))?.inFlight === 5);
        const late = `late${turns}`;
        stage.process.onAppend = async (when, { run, events }) => {
          if (when === 'before' || run !== late || events[0]?.type !== 'accepted') return;
          for (let turn = 0; turn < turns; turn++) await Promise.resolve();
          held.open(down);
        };
        await stage.submit(late);
        const cameAt = stage.clock.now();
        await areHeld('reserve', 'parked', 6);
        expect(await look('reserve')).toMatchObject({ waiting: 0, inFlight: 0 });
        // Long before the first probe, which would have come out of the line.
        expect(stage.clock.now() - cameAt).toBeLessThan(500);
        stage.bench.answer = () => ok(1);
        await stage.settle(...ids, late);
        await pass(60_000);
      }
    });

    test('for the only permit of undos probe with it, when nobody is parked', async () => {
      const held = createGate();
      const rule = createGate();
      const undone: string[] = [];
      const timeoutMs = 60_000;
      const declined = saga('declined', { version: 1, input: anyInput() })
        .step('book', {
          participant: 'shop',
          perform: async () => ok(1),
          undo: {
            timeoutMs,
            perform: async ({ id }) => {
              undone.push(id);
              if (id === 'busy') await held.reply;
              return ok(1);
            },
          },
        })
        .step('rule', {
          perform: async ({ id }) => {
            if (id === 'next') await rule.reply;
            return refused('no');
          },
          undo: null,
          timeoutMs,
        })
        .end();
      const losing = saga('losing', { version: 1, input: anyInput() })
        .step('ask', {
          participant: 'shop',
          perform: async () => lost,
          undo: null,
          retry: { attemptsMax: 1 },
        })
        .end();
      const breaker = { failuresMin: 1, callsLookedAt: 1 };
      await stage.restart({ sagas: [declined, losing], callsMax: 2, breaker });
      for (const id of ['next', 'busy']) await stage.engine.submit(declined, {}, { id });
      await stage.clock.run(() => undone.includes('busy'));
      await stage.engine.submit(losing, {}, { id: 'losing' });
      await stage.settle('losing');
      await pass(1_000);
      rule.open();
      await areHeld('shop', 'waiting', 1);
      expect(await look('shop')).toMatchObject({ breaker: 'open', parked: 0, inFlight: 1 });
      held.open();
      await stage.settle('busy', 'next');
      expect(undone).toEqual(['busy', 'next']);
      expect((await look('shop'))?.breaker).toBe('closed');
    });

    test('are called as soon as a call there ends, though its run goes on elsewhere', async () => {
      await stage.restart({ callsMax: 1 });
      const [reserved, held] = [createGate(), createGate()];
      stage.bench.answer = ({ what, run }) => {
        if (run !== 'o1') return ok(1);
        return what === 'forward reserve' ? reserved.reply : held.reply;
      };
      await submit('o1', 'o2');
      await areHeld('reserve', 'waiting', 1);
      const before = stage.clock.now();
      reserved.open();
      await stage.clock.run(() => callsOf('forward reserve').length === 2);
      expect(stage.clock.now()).toBe(before);
      held.open();
      await stage.settle('o1', 'o2');
    });

    test.each([
      ['a call', 'forward pay'],
      ['an undo', 'undo pay'],
    ])(
      'with %s are not overtaken by a run that moves, and has a permit already',
      async (_, awaited) => {
        await stage.restart({ concurrencyMax: 2, callsMax: 1, breaker: { failuresMin: 99 } });
        const [spent, paid, mailed, reserved] = [
          createGate(),
          createGate(),
          createGate(),
          createGate(),
        ];
        const isUndo = awaited === 'undo pay';
        const replies: Record<string, Reply<unknown> | Promise<Reply<unknown>>> = {
          'before forward pay 1': paid.reply,
          'before forward mail 1': mailed.reply,
          'moves forward reserve 1': reserved.reply,
          ...(isUndo && {
            'waits forward pay 1': lost,
            'waits forward pay 2': lost,
            'waits forward pay 3': spent.reply,
          }),
        };
        stage.bench.answer = ({ run, what, number }) =>
          replies[`${run} ${what} ${number}`] ?? ok(1);
        if (isUndo) {
          await submit('waits');
          await stage.clock.run(() => callsOf('forward pay').length === 3);
          await submit('before');
          await areHeld('pay', 'waiting', 1);
          spent.open(lost);
          await stage.clock.run(() => callsOf('forward pay').at(-1) === 'before');
        } else await submit('before', 'waits');
        await areHeld('pay', 'waiting', 1);
        await submit('moves');
        paid.open();
        await stage.called('forward mail');
        stage.bench.calls.length = 0;
        reserved.open();
        await stage.clock.run(() => stage.bench.calls.length > 1);
        expect(stage.bench.calls[0]).toMatchObject({ run: 'waits', what: awaited });
        mailed.open();
        await stage.settle('waits', 'before', 'moves');
      },
    );

    test('and are cancelled just as a permit is handed to them give it to the next', async () => {
      await stage.restart({ callsMax: 1 });
      // Nobody can say in which turn that is: in one of these.
      for (let turns = 0; turns < 25; turns++) {
        const held = createGate();
        const [first, cancelled, next] = numbered(`t${turns}-`, 3) as [string, string, string]; // three
        stage.bench.answer = ({ what, run }) =>
          what === 'forward pay' && run === first ? held.reply : ok(1);
        await submit(first, cancelled, next);
        await areHeld('pay', 'waiting', 2);
        stage.process.onAppend = async (when, { run, events }) => {
          if (when === 'after' || run !== cancelled || events[0]?.type !== 'cancel-requested')
            return;
          for (let turn = 0; turn < turns; turn++) await Promise.resolve();
          held.open();
        };
        await stage.engine.cancel(cancelled, 'enough');
        await stage.settle(first, cancelled, next);
        expect(await look('pay')).toMatchObject({ inFlight: 0, waiting: 0 });
        expect((await stage.view(next)).state.phase).toBe('completed');
      }
    });

    test('stand in line once, also when an operator asks for a retry there', async () => {
      await stage.restart({ callsMax: 1 });
      const held = createGate();
      stage.bench.answer = ({ what, run }) =>
        what === 'forward reserve' && run === 'o1' ? held.reply : ok(1);
      const ids = numbered('o', 5);
      await submit(...ids);
      await areHeld('reserve', 'waiting', 4);
      for (let wish = 0; wish < 3; wish++)
        expect(await stage.engine.retry('o2', 'hurry')).toBe('done');
      await areHeld('reserve', 'waiting', 4);
      held.open();
      await stage.settle(...ids);
      expect(callsOf('forward reserve').sort()).toEqual(ids);
      expect(await look('reserve')).toMatchObject({ inFlight: 0, waiting: 0 });
    });

    test('and are asked for again give their turn to the next', async () => {
      stage.bench.answer = ({ what }) => (what === 'forward reserve' ? down : ok(1));
      const ids = numbered('o', 10);
      await submit(...ids);
      await areHeld('reserve', 'parked', 10);
      stage.bench.answer = () => ok(1);
      await Promise.all(ids.slice(0, 9).map((id) => stage.engine.retry(id, 'is it back?')));
      await stage.settle(...ids);
      expect(await look('reserve')).toMatchObject({ parked: 0, waiting: 0, inFlight: 0 });
    });
  });
}
