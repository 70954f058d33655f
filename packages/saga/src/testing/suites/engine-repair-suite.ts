import { describe, expect, test } from 'vitest';
import { ok, type Reply } from '../../core/reply.ts';
import { saga } from '../../core/saga.ts';
import { anyInput } from '../../fixtures/any-input.ts';
import { createGate } from '../../fixtures/order.ts';
import { createVirtualClock } from '../virtual-clock.ts';
import { useEngineStage } from './engine-stage.ts';
import type { JournalHouse } from './journal-suite.ts';

const lost: Reply<never> = { reply: 'unknown', code: 'reset' };
const down: Reply<never> = { reply: 'unsent', code: 'connection-refused' };
const never = new Promise<never>(() => {});

/** How deferred steps are repaired afterwards, on every journal. */
export function describeEngineRepairs(name: string, createHouse: () => JournalHouse): void {
  describe(`the engine's repairs, on a journal ${name}`, () => {
    const stage = useEngineStage(createHouse);
    const degrade = async (count: number, reply: Reply<never> = down): Promise<string[]> => {
      stage.bench.answer = ({ what }) => (what === 'forward mail' ? reply : ok(1));
      const ids = Array.from({ length: count }, (_, index) => `o${index}`);
      await Promise.all(ids.map((id) => stage.submit(id)));
      await stage.clock.run(async () => (await stage.engine.counts()).open === 0);
      stage.bench.calls.length = 0;
      return ids;
    };
    const passTime = (ms: number) => {
      const end = stage.clock.now() + ms;
      stage.clock.setTimer(ms, () => {});
      return stage.clock.run(() => stage.clock.now() >= end);
    };
    const mail = async () =>
      (await stage.engine.participants()).find(({ participant }) => participant === 'mail');
    const readMails = async (ids: readonly string[]) =>
      (await Promise.all(ids.map((id) => stage.engine.readState(id)))).map(
        (state) => state?.ways.mail,
      );
    const areMade = (ids: readonly string[]) => async () =>
      (await readMails(ids)).every((sent) => sent?.result === 'ok');

    test('under way at a crash are told from all others that are due, however many', async () => {
      const ids = await degrade(250);
      await passTime(2_000);
      let isProbed = false;
      const hung = new Set<string>();
      stage.bench.answer = ({ run }) => {
        if (isProbed) hung.add(run);
        else isProbed = true;
        return hung.has(run) ? never : ok(1);
      };
      await stage.clock.run(() => hung.size === 32);
      const asked = new Set(stage.bench.calls.map(({ run, ordinal }) => `${run} ${ordinal}`));
      stage.bench.calls.length = 0;
      stage.bench.answer = () => ok(1);
      await stage.restart();
      const recovered = await stage.having(ids, 'recovered');
      // Also runs that were about to be called: their row was written before they found no permit.
      expect([...hung].filter((id) => !recovered.includes(id))).toEqual([]);
      expect(recovered.length).toBeLessThanOrEqual(64);
      await stage.clock.run(areMade(ids));
      const again = stage.bench.calls.filter(({ run, ordinal }) => asked.has(`${run} ${ordinal}`));
      expect(again).toEqual([]);
    });

    test('under way at a crash are told also when they waited for no breaker', async () => {
      await stage.restart({ breaker: { failuresMin: 1_000 } });
      const ids = await degrade(5, lost);
      stage.bench.answer = () => never;
      await stage.clock.run(() => stage.bench.calls.length === 5);
      await stage.restart({ breaker: { failuresMin: 1_000 } });
      expect(await stage.having(ids, 'recovered')).toEqual(ids);
    });

    test('that end the process are set aside, however many others are due', async () => {
      await degrade(150);
      let isDown = false;
      const bad = 'o140';
      stage.bench.answer = ({ run }) => {
        if (run !== bad) return ok(1);
        isDown = true;
        return never;
      };
      let ends = 0;
      for (; !(await stage.view(bad)).state.isQuarantined && ends < 9; ends++) {
        await stage.clock.run(() => isDown);
        isDown = false;
        await stage.restart();
      }
      expect(ends).toBe(5);
    });

    test('that wait for a breaker are rows: none is in memory, however many there are', async () => {
      const ids = await degrade(250);
      await stage.clock.run(async () => (await mail())?.parked === 250);
      expect(await stage.engine.counts()).toMatchObject({ moving: 0, queued: 0, open: 0 });
      expect((await mail())?.waiting).toBe(0);
      stage.bench.answer = () => ok(1);
      await stage.clock.run(areMade(ids));
    });

    test('of one participant do not hide those of another', async () => {
      const sent: string[] = [];
      const isDown = { letter: true, mail: true };
      const send = (what: 'letter' | 'mail') => async () => {
        if (!isDown[what]) sent.push(what);
        return isDown[what] ? down : ok(what);
      };
      const both = saga('both', { version: 1, input: anyInput() })
        .pivot('pay', { perform: async () => ok(1), undo: null })
        .later('letter', { perform: send('letter'), retry: { attemptsMax: 1 } })
        .end();
      await stage.restart({ sagas: [stage.bench.saga, both] });
      await degrade(130);
      await stage.engine.submit(both, {}, { id: 'letter' });
      await stage.clock.run(async () => (await stage.engine.counts()).open === 0);
      isDown.letter = false;
      await stage.clock.run(() => sent.length === 1, 20_000);
      expect((await mail())?.breaker).not.toBe('closed');
    });

    test('are not held up for longer than their longest delay by a clock that was set back', async () => {
      await stage.restart({ breaker: { failuresMin: 1_000 } });
      await degrade(1, lost);
      await passTime(3_000);
      stage.bench.calls.length = 0;
      const right = createVirtualClock(stage.clock.now() - 86_400_000);
      await stage.restart({ clock: right, breaker: { failuresMin: 1_000 } });
      await right.run(() => stage.bench.calls.length > 0, 900_000);
    });

    test('that would be tried much later are tried at once when the breaker closes', async () => {
      await stage.restart({ breaker: { failuresMin: 1 } });
      await degrade(1, lost);
      await passTime(3_600_000);
      const retryAt = async () => (await readMails(['o0']))[0]?.retryAt ?? 0;
      await stage.clock.run(async () => (await retryAt()) > stage.clock.now() + 300_000);
      expect((await mail())?.breaker).toBe('open');
      await passTime(1_000);
      stage.bench.answer = () => ok(1);
      const before = stage.clock.now();
      await stage.submit('good');
      await stage.clock.run(areMade(['good', 'o0']));
      expect(stage.clock.now()).toBeLessThan(before + 60_000);
    });

    test('that are parked at a crash were not interrupted', async () => {
      const ids = await degrade(10);
      await passTime(5_000);
      expect((await readMails(ids)).some((sent) => sent?.isParked)).toBe(true);
      await stage.restart();
      expect(await stage.having(ids, 'recovered')).toEqual([]);
    });

    test('that an operator asks for are made at once, and are rows while they wait', async () => {
      const ids = await degrade(120);
      await passTime(5_000);
      const held = createGate();
      stage.bench.answer = () => held.reply;
      for (const id of ids) expect(await stage.engine.retry(id, 'again')).toBe('done');
      await passTime(2_000);
      expect(await mail()).toMatchObject({ inFlight: 1, parked: 119, waiting: 0 });
      expect(await stage.engine.counts()).toMatchObject({ moving: 1, queued: 0 });
      held.open();
      stage.bench.answer = () => ok(1);
      await stage.clock.run(areMade(ids));
    });
  });
}
