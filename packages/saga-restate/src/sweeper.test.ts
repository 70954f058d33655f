import { createMemoryJournal, createVirtualClock } from '@baton/saga/testing';
import { expect, test } from 'vitest';
import { startSweeper } from './sweeper.ts';

test('a run whose probe led to nothing is waked again, under another key', async () => {
  const clock = createVirtualClock();
  const keys = new Set<string>();
  const stop = startSweeper({
    journal: {
      ...createMemoryJournal(),
      countWaits: () => [{ participant: 'book', kind: 'parked', count: 1 }],
      listWaiting: () => ['trip_1'],
      listDue: () => [],
    },
    clock,
    drainPerSecond: 10,
    lanes: {
      all: async () =>
        new Map([
          [
            'book',
            {
              waiting: 0,
              healedAt: 0,
              look: () => null,
              view: () => ({
                breaker: 'open' as const,
                openedAt: 1,
                nextTryAt: 2,
                openings: 1,
                inFlight: 0,
                callsMax: 1,
              }),
            },
          ],
        ]),
    },
    lastAt: () => 1,
    nudge: async (_, __, key) => void keys.add(key),
    onUnreachable: (error) => {
      throw error;
    },
  });
  await clock.run(() => keys.size > 1, 30_000).catch(() => {});
  await stop();
  expect(keys.size).toBe(2);
});
