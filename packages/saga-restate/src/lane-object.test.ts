import type { ObjectContext } from '@restatedev/restate-sdk';
import { expect, test } from 'vitest';
import { createLaneHandlers } from './lane-object.ts';

const wanted = {
  direction: 'forward',
  priority: 'in-flight',
  now: 1_000,
  timeoutMs: 3_000,
} as const;

/** A lane with one permit. */
function createLane() {
  let stored: string | undefined;
  const lane = { writes: 0 };
  const context = {
    key: 'book/0',
    get: async () => (stored === undefined ? null : JSON.parse(stored)),
    set(_: string, value: unknown) {
      stored = JSON.stringify(value);
      lane.writes += 1;
    },
  } as unknown as ObjectContext; // the named boundary: all of the context that is used here
  const { admit } = createLaneHandlers({ callsMax: 1 });
  return Object.assign(lane, { ask: (run: string) => admit(context, { ...wanted, run }) });
}

test('a run that asks again from its place in line makes the lane write nothing', async () => {
  const lane = createLane();
  expect([await lane.ask('a'), await lane.ask('b')]).toEqual([null, 'full']);
  expect(lane.writes).toBe(2);
  expect([await lane.ask('b'), await lane.ask('b')]).toEqual(['full', 'full']);
  expect(lane.writes).toBe(2);
});
