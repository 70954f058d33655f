/** A second thread, for the fence's race: the same keys, forward or undo, on the same file. */
import { parentPort, workerData } from 'node:worker_threads';
import { z } from 'zod';
import { createFence } from '../../fence.ts';
import { openStore } from '../../store.ts';

const Race = z.object({
  path: z.string(),
  migrations: z.array(z.string()),
  keys: z.array(z.string()),
});
const { path, migrations, keys } = Race.parse(workerData);

const store = openStore({ path, migrations });
const fence = createFence(store);
const insert = store.db.prepare('INSERT INTO effects (key) VALUES (?)');
const remove = store.db.prepare('DELETE FROM effects WHERE key = ?');

parentPort?.once('message', async () => {
  for (const key of keys) {
    await fence.forward(key, {}, () => {
      insert.run(key);
      return { verdict: 'done', reply: { status: 200, headers: {}, body: {} } };
    });
    if (!key.endsWith('0')) continue;
    await fence.undo(key, {}, (exists) => {
      if (exists) remove.run(key);
      return { verdict: 'undone' };
    });
  }
  store.close();
  parentPort?.close();
});
parentPort?.postMessage('ready');
