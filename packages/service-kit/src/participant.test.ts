import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import { createTemporaryFolder } from './testing/stand-in/temporary-folder.ts';

const programText = new URL('./testing/stand-in/participant.ts', import.meta.url).pathname;
const Ready = z.object({ port: z.int() });
const triesMax = 500;

/** No file of it grows past so many blocks of 512 bytes, as on a disk that is full. */
function startOnSmallDisk(folder: string, fileBlocksMax: number) {
  const command = `ulimit -f ${fileBlocksMax}; exec "$0" "$1"`;
  const child = spawn('sh', ['-c', command, process.execPath, programText], {
    env: { PORT: '0', DATA_DIR: folder, NODE_ENV: 'production' },
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  return {
    ready: once(createInterface({ input: child.stdout }), 'line').then(([line]) =>
      Ready.parse(JSON.parse(String(line))),
    ),
    ended: once(child, 'close').then(([code]) => code),
    said: text(child.stderr),
  };
}

async function reserve(port: number, orderId: string) {
  await fetch(`http://127.0.0.1:${port}/reserve`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'idempotency-key': `${orderId}:reserve` },
    body: JSON.stringify({ orderId, lines: [{ sku: 'mug', quantity: 1 }] }),
    signal: AbortSignal.timeout(60_000),
  });
}

it('asks to be started again when its disk takes no more of the file, and says which folder it is', async () => {
  const folder = createTemporaryFolder();
  const program = startOnSmallDisk(folder, 256);
  const { port } = await program.ready;
  for (let i = 0, failed = false; !failed && i < triesMax; i += 1) {
    failed = await reserve(port, `ord_${i}`).then(
      () => false,
      () => true,
    );
  }
  expect(await program.ended).toBe(70);
  expect(await program.said).toContain(`the disk of ${folder} is full or fails`);
});
