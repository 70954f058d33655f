import { createClock, ok, saga } from '@baton/saga';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { ClusterUnreachable } from './ingress.ts';
import { LaneViews } from './lane-views.ts';

test('a cluster that cannot be asked ends no process', async () => {
  const trip = saga('trip', { version: 1, input: z.object({}) })
    .step('book', { perform: async () => ok('done'), undo: null })
    .end();
  const call = () => Promise.reject(new ClusterUnreachable('no node of the cluster answered'));
  const views = new LaneViews({ sagas: [trip], clock: createClock(), callsMax: 32, call });
  expect(await views.all()).toEqual(new Map());
  // Vitest fails for a rejection that nobody handles.
  await new Promise((resolve) => setImmediate(resolve));
});
