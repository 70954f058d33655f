import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import { createTemporaryFolder } from './testing/stand-in/temporary-folder.ts';

const programText = new URL('./testing/stand-in/program.ts', import.meta.url).pathname;
const Ready = z.object({ ready: z.literal(true), service: z.string(), port: z.int() });

interface Program {
  readonly child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly ready: Promise<z.infer<typeof Ready>>;
  readonly ended: Promise<number | null>;
  readonly errors: () => string;
  readonly saying: (text: string) => Promise<void>;
}

function start(env: Record<string, string> = {}): Program {
  const child = spawn(process.execPath, [programText], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: {
      NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE,
      PORT: '0',
      LOG_LEVEL: 'silent',
      DATA_DIR: createTemporaryFolder(),
      ...env,
    },
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  let errors = '';
  child.stderr.on('data', (chunk) => {
    errors += String(chunk);
  });
  return {
    child,
    ready: once(child.stdout, 'data').then(([line]) => Ready.parse(JSON.parse(String(line)))),
    ended: once(child, 'close').then(([code]) => code),
    errors: () => errors,
    saying: async (text) => {
      while (!errors.includes(text)) await once(child.stderr, 'data');
    },
  };
}
const read = (port: number) =>
  fetch(`http://127.0.0.1:${port}/health/live`, { signal: AbortSignal.timeout(60_000) });

/** Free a moment ago; nothing else here asks for ports by number. */
async function occupy() {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

it('says where it listens, and answers there', async () => {
  const program = start();
  const { service, port } = await program.ready;
  expect(service).toBe('inventory-service');
  expect((await read(port)).status).toBe(200);
});

it.each(['SIGTERM', 'SIGINT'] as const)(
  '%s: closes the store, then ends with 0',
  async (signal) => {
    const program = start();
    const { port } = await program.ready;
    program.child.kill(signal);
    expect(await program.ended).toBe(0);
    expect(program.errors()).toBe('closed\n');
    await expect(read(port)).rejects.toThrow();
  },
);

it('finishes the request under way before it ends', async () => {
  const program = start({ SLOW_MS: '300' });
  const { port } = await program.ready;
  const answer = read(port);
  await program.saying('request');
  program.child.kill('SIGTERM');
  expect((await answer).status).toBe(200);
  expect(await program.ended).toBe(0);
  expect(program.errors()).toBe('request\nclosed\n');
});

// Told to end later than one that waits out its grace of 2 s: a machine that stands still for most of that is asked again.
it('is not held by a kept connection once it has answered', { retry: 2 }, async () => {
  const [owing, kept] = [start({ SLOW_MS: '60000' }), start({ SLOW_MS: '300' })];
  const { port } = await owing.ready;
  const { port: keptPort } = await kept.ready;
  read(port).catch(() => {});
  await owing.saying('request');
  owing.child.kill('SIGTERM');
  expect((await read(keptPort)).status).toBe(200);
  const answer = read(keptPort);
  await kept.saying('request\nrequest');
  kept.child.kill('SIGTERM');
  expect((await answer).status).toBe(200);
  const ends = [owing.ended.then(() => 'owing'), kept.ended.then(() => 'kept')];
  expect(await Promise.race(ends)).toBe('kept');
});

it('waits no longer than its grace for a request that does not end', async () => {
  const program = start({ SLOW_MS: '60000' });
  const { port } = await program.ready;
  const answer = read(port).catch(() => 'cut');
  await program.saying('request');
  program.child.kill('SIGTERM');
  expect(await answer).toBe('cut');
  expect(await program.ended).toBe(0);
});

it('ends when its supervisor goes, and only if it has one', async () => {
  const supervised = start({ BATON_SUPERVISED: '1' });
  await supervised.ready;
  supervised.child.stdin.end();
  expect(await supervised.ended).toBe(0);

  const alone = start();
  const { port } = await alone.ready;
  alone.child.stdin.end();
  expect((await read(port)).status).toBe(200);
});

async function expectRefused(env: Record<string, string>, said: RegExp, code = 1) {
  const program = start(env);
  program.ready.catch(() => {});
  expect(await program.ended).toBe(code);
  expect(program.errors()).toMatch(said);
  expect(program.errors()).not.toMatch(/\n\s+at |Error:/);
}

it('says what to do when its port is in use, and that trying again may help', async () => {
  const tryLater = 75;
  await expectRefused({ PORT: String(await occupy()) }, /is in use: .* set PORT/, tryLater);
});

it('says what to do when its data folder cannot be used', async () => {
  const folder = createTemporaryFolder();
  writeFileSync(join(folder, 'file'), '');
  await expectRefused({ DATA_DIR: join(folder, 'file') }, /data file .* cannot be used/);
});

it.skipIf(process.getuid?.() === 0)('says so when it may not read its data folder', async () => {
  const folder = createTemporaryFolder();
  chmodSync(folder, 0o000);
  await expectRefused({ DATA_DIR: folder }, /data file .* cannot be used/);
});

it('lists every problem of its environment at once', async () => {
  await expectRefused(
    { PORT: '70000', LOG_LEVEL: 'loud', OTHER_URL: 'ftp://x', HOST: '0.0.0.0' },
    /PORT: .*\n.*LOG_LEVEL: .*\n.*OTHER_URL: .*\n.*HOST: /,
  );
});

it('answers what is no HTTP with a problem, and goes on', async () => {
  const program = start();
  const { port } = await program.ready;
  const socket = connect(port, '127.0.0.1');
  socket.end('GARBAGE\r\n\r\n');
  const chunks = await socket.toArray();
  expect(Buffer.concat(chunks).toString()).toMatch(/^HTTP\/1.1 400 .*problem\+json.*bad-request/s);
  expect((await read(port)).status).toBe(200);
});

// After five seconds idle ones are closed: a machine that stands still for so long is asked again.
it('keeps no more than 900 connections, says so once, and takes new ones as others go', {
  retry: 2,
}, async () => {
  const program = start({ LOG_LEVEL: 'warn' });
  const { port } = await program.ready;
  const open = async () => {
    const socket = connect(port, '127.0.0.1').on('error', () => {});
    onTestFinished(() => void socket.destroy());
    await once(socket, 'connect');
    return socket;
  };
  const [first, ...others] = await Promise.all(Array.from({ length: 900 }, open));
  for (let i = 0; i < 2; i += 1) await expect(read(port)).rejects.toThrow();
  // Half-closed, it might be closed before its answer was written.
  first?.write('GET /health/live HTTP/1.1\r\nhost: localhost\r\n\r\n');
  expect(String(await once(first ?? program.child.stdout, 'data'))).toMatch(/^HTTP\/1.1 200/);
  for (const socket of others) socket.destroy();
  await expect.poll(() => read(port).then(({ status }) => status, String)).toBe(200);
  expect(program.errors().match(/connections/g)).toHaveLength(1);
});

it('takes no malformed request for the answer to the one before it', async () => {
  const program = start();
  const { port } = await program.ready;
  const socket = connect(port, '127.0.0.1');
  let text = '';
  socket.setEncoding('utf8').on('data', (chunk) => {
    text += String(chunk);
  });
  const request = 'POST /slow HTTP/1.1\r\nhost: localhost\r\ncontent-length: 0\r\n\r\n';
  socket.on('error', () => {});
  socket.write(`${request}GARBAGE\r\n\r\n`);
  await once(socket, 'close');
  expect(text).not.toContain('HTTP/1.1 400');
});
