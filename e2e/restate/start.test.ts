/** A replica and its cluster start in any order. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ok, openJournal, saga } from '@baton/saga';
import { createLink, createRestateEngine } from '@baton/saga-restate';
import { pickFreePorts, startNodes } from '@baton/saga-restate/nodes';
import { expect, test } from 'vitest';
import { z } from 'zod';

test('a replica that starts before its node registers its handlers when the node is there, though another one is not', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'baton-restate-'));
  const [fabric = 0, ingress = 0, admin = 0, dark = 0] = await pickFreePorts(4);
  const toUrl = (port: number): string => `http://127.0.0.1:${port}`;
  const troubles: string[] = [];
  const trip = saga('trip', { version: 1, input: z.object({}) })
    .step('book', { perform: async () => ok('done'), undo: null })
    .end();
  const journal = await openJournal({ path: join(folder, 'projection.sqlite') });
  const link = createLink({
    ingressUrls: [toUrl(ingress)],
    registration: { adminUrls: [toUrl(dark), toUrl(admin)] },
    onTrouble: (message) => troubles.push(message),
  });
  const starting = createRestateEngine({ sagas: [trip], journal }, link);
  await Promise.race([starting, expect.poll(() => troubles.length).toBeGreaterThan(0)]);
  const nodes = await startNodes({ folder, count: 1, ports: [{ fabric, ingress, admin }] });
  const engine = await starting;
  await engine.submit(trip, {}, { id: 'early' });
  const state = await engine.settled('early', AbortSignal.timeout(60_000));
  expect(state?.phase).toBe('completed');
  await engine.stop();
  await nodes[0]?.stop();
  rmSync(folder, { recursive: true });
});
