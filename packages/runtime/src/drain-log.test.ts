import { createEngine, ok, saga } from '@baton/saga';
import { createMemoryJournal, createVirtualClock } from '@baton/saga/testing';
import { createLog } from '@baton/telemetry';
import { expect, test, vi } from 'vitest';
import { z } from 'zod';
import { tellOfDrain } from './drain-log.ts';

test('an embedded host has not finished while an order that has ended owes a step', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  try {
    let isDown = true;
    const trip = saga('trip', { version: 1, input: z.object({}) })
      .pivot('book', { perform: async () => ok('done'), undo: null })
      .later('mail', {
        perform: async () => (isDown ? { reply: 'unknown', code: 'reset' } : ok('sent')),
        retry: { attemptsMax: 1 },
      })
      .end();
    const clock = createVirtualClock();
    const engine = await createEngine({ journal: createMemoryJournal(), sagas: [trip], clock });
    await engine.submit(trip, {}, { id: 'a' });
    await clock.run(async () => (await engine.counts()).open === 0);
    const owing = async (): Promise<number> =>
      (await engine.list({ status: 'owing', limit: 9 })).length;
    expect(await owing()).toBe(1);

    const said: unknown[] = [];
    const write = (line: string): void => {
      const { left, owing, msg } = JSON.parse(line);
      said.push([left, owing, msg.slice(0, 10)]);
    };
    const stop = tellOfDrain(engine, createLog('orchestrator', 'info', { write }));
    await vi.advanceTimersByTimeAsync(5_000);
    isDown = false;
    await clock.run(async () => (await owing()) === 0);
    await vi.advanceTimersByTimeAsync(20_000);
    expect(said).toEqual([
      [0, 1, 'orders of '],
      [0, 1, 'orders of '],
      [undefined, undefined, 'all orders'],
    ]);
    stop();
    await engine.stop();
  } finally {
    vi.useRealTimers();
  }
});
