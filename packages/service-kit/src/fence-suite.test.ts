import { defineOperation } from '@baton/contracts';
import { z } from 'zod';
import { createServiceApp } from './app.ts';
import { openStore } from './store.ts';
import { describeFence, toQuietOptions } from './testing/index.ts';

/** A contract whose bodies do not name their run: the key does. */
const service = 'seat-service';
const release = defineOperation({
  name: 'seat.release',
  service,
  kind: 'undo',
  method: 'POST',
  path: '/release',
  summary: 'Give the seat back',
  body: z.strictObject({}),
  replies: { 200: z.object({}) },
  problems: {},
  examples: { body: {}, reply: {} },
});
const take = defineOperation({
  name: 'seat.take',
  service,
  kind: 'effect',
  method: 'POST',
  path: '/take',
  summary: 'Take a seat',
  undo: '/release',
  body: z.strictObject({ seat: z.int() }),
  replies: { 200: z.object({ seat: z.int() }) },
  problems: {},
  examples: { body: { seat: 7 }, reply: { seat: 7 } },
});

describeFence({
  effect: take,
  undo: release,
  body: { seat: 7 },
  otherBody: { seat: 8 },
  create: (path) => {
    const schema = 'CREATE TABLE IF NOT EXISTS taken (run TEXT PRIMARY KEY, seat INTEGER)';
    const store = openStore({ path, migrations: [schema] });
    const { app } = createServiceApp({
      service,
      operations: { take, release },
      ...toQuietOptions(service),
      store,
    })({
      take: ({ db, runId }, { seat }) => {
        db.prepare('INSERT INTO taken VALUES (?, ?)').run(runId, seat);
        return { status: 200, body: { seat } };
      },
      release: ({ db, runId }) => {
        db.prepare('DELETE FROM taken WHERE run = ?').run(runId);
        return undefined;
      },
    });
    return { app, store, close: store.close };
  },
});
