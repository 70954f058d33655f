/** However many orders wait for a participant that is down, the cluster carries none of them. */
import { ok, type Reply, saga } from '@baton/saga';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { type OneNode, query, startOneNode } from './one-node.ts';

const count = 12;
const longMs = 3_600_000;
const away: Reply<never> = { reply: 'unsent', code: 'refused' };
let one: OneNode;

beforeAll(async () => {
  one = await startOneNode();
});
afterAll(() => one.close());

const Held = z.array(z.object({ id: z.string(), status: z.string() }));

/** What the cluster has under way for runs, or in store. */
async function readHeld() {
  const sql = `SELECT target_service_key AS id, status FROM sys_invocation
    WHERE target_service_name = 'BatonRun' AND status <> 'completed' ORDER BY id`;
  return Held.parse(await query(one.node, sql));
}

test('a parked order is a message that waits for its time, and no invocation', async () => {
  let isDown = true;
  const trip = saga('trip', { version: 1, input: z.object({}) })
    .step('book', { perform: async () => (isDown ? away : ok('done')), undo: null })
    .end();
  // Nobody probes meanwhile: a probe is an invocation.
  const breaker = { failuresMin: 3, firstDelayMs: longMs, delayMaxMs: longMs };
  const engine = await one.createEngine({ sagas: [trip], breaker });
  const ids = Array.from({ length: count }, (_, i) => `trip_${i}`).toSorted();
  for (const id of ids) await engine.submit(trip, {}, { id });
  await expect.poll(() => engine.participants()).toMatchObject([{ parked: count, inFlight: 0 }]);
  // One for each, for the time at which its step is given up.
  await expect.poll(readHeld).toEqual(ids.map((id) => ({ id, status: 'scheduled' })));
  isDown = false;
  expect(await engine.retry('trip_0', 'the participant is back')).toBe('done');
  for (const id of ids) {
    const state = await engine.settled(id, AbortSignal.timeout(60_000));
    expect(state?.phase).toBe('completed');
  }
});
