/** A new version comes by stopping one replica after the other: no call is cut off for it. */
import { setTimeout as delay } from 'node:timers/promises';
import { ok, saga } from '@baton/saga';
import { pickFreePorts } from '@baton/saga-restate/nodes';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { startOneNode } from './one-node.ts';

test('a replica that stops waits for the end of its calls, as long as their steps allow', async () => {
  const one = await startOneNode();
  try {
    const callMs = 5_000;
    let calls = 0;
    function book() {
      calls += 1;
      return delay(callMs, ok('done'));
    }
    const trip = saga('trip', { version: 1, input: z.object({}) })
      .step('book', { perform: book, undo: null, timeoutMs: 2 * callMs })
      .end();
    // The next one is where the cluster knows the first to be.
    const [handlersPort = 0] = await pickFreePorts(1);
    const leaving = await one.createEngine({ sagas: [trip] }, { handlersPort });
    await leaving.submit(trip, {}, { id: 'slow' });
    await expect.poll(() => calls).toBe(1);
    await leaving.stop();
    const next = await one.createEngine({ sagas: [trip] }, { handlersPort });
    const state = await next.settled('slow', AbortSignal.timeout(60_000));
    expect(state?.phase).toBe('completed');
    expect(calls).toBe(1);
  } finally {
    await one.close();
  }
});
