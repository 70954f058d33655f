/** Handlers say what participants answered: only the cluster may call them. */
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { connect } from 'node:http2';
import { ok, saga } from '@baton/saga';
import { pickFreePorts } from '@baton/saga-restate/nodes';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { startOneNode } from './one-node.ts';

const digits = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';

/** As Restate names it: the key's last 32 bytes to the base of 58. */
function nameKey(key: KeyObject): string {
  const bytes = key.export({ type: 'spki', format: 'der' }).subarray(-32);
  let rest = BigInt(`0x${bytes.toString('hex')}`);
  let name = '';
  for (; rest > 0n; rest /= 58n) name = `${digits[Number(rest % 58n)]}${name}`;
  return `publickeyv1_${name}`;
}

async function askUnsigned(port: number): Promise<number> {
  const session = connect(`http://127.0.0.1:${port}`);
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const request = session.request({ ':path': '/invoke/BatonRun/drive', ':method': 'POST' });
  request.once('response', (headers) => resolve(Number(headers[':status']))).once('error', reject);
  request.end();
  return await promise.finally(() => session.destroy());
}

test('handlers take calls that the cluster signed, and no others', async () => {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const one = await startOneNode(privateKey);
  try {
    const trip = saga('trip', { version: 1, input: z.object({}) })
      .step('book', { perform: async () => ok('done'), undo: null })
      .end();
    const [handlersPort = 0] = await pickFreePorts(1);
    const identityKeys = [nameKey(publicKey)];
    const engine = await one.createEngine({ sagas: [trip] }, { handlersPort, identityKeys });
    await engine.submit(trip, {}, { id: 'signed' });
    const state = await engine.settled('signed', AbortSignal.timeout(60_000));
    expect(state?.phase).toBe('completed');
    expect(await askUnsigned(handlersPort)).toBe(401);
  } finally {
    await one.close();
  }
});
