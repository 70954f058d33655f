/** Without a connection no request was written: whatever the error is, nothing happened at the participant. */
import dns from 'node:dns';
import { createServer, type Server, type Socket } from 'node:net';
import { inventoryOperations } from '@baton/contracts/inventory-service';
import { afterEach, expect, it, onTestFinished, vi } from 'vitest';
import { createClient } from './client.ts';

afterEach(() => vi.restoreAllMocks());

type LookedUp = Error | readonly { readonly address: string; readonly family: number }[];

/** Stands for the name server, which answers once it may. */
function lookUp(found: LookedUp, may = Promise.resolve()): void {
  const lookup = async (...given: readonly unknown[]) => {
    const callback = given.at(-1);
    await may;
    if (typeof callback !== 'function') return;
    if (found instanceof Error) callback(found);
    else callback(null, found);
  };
  vi.spyOn(dns, 'lookup').mockImplementation(Object.assign(lookup, dns.lookup));
}

const failedLookup = (code: string) =>
  Object.assign(new Error(`getaddrinfo ${code} pay.test`), { code, syscall: 'getaddrinfo' });

async function reserve(baseUrl: string, signal = AbortSignal.timeout(8_000)) {
  const client = createClient(inventoryOperations, { baseUrl });
  onTestFinished(() => client.close());
  const attempt = { key: 'ord_1:reserve', number: 1, signal };
  const reply = await client.reserve({ orderId: 'ord_1', lines: [] }, attempt);
  return { reply: reply.reply, code: 'code' in reply ? reply.code : undefined };
}

async function listen(behave: (socket: Socket) => void): Promise<string> {
  const server: Server = createServer((socket) => {
    socket.setTimeout(200, () => socket.destroy());
    behave(socket);
  }).listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await new Promise((resolve) => server.once('listening', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return `127.0.0.1:${address.port}`;
}

it.each([
  ['ENOTFOUND', 'host-not-found'],
  ['EAI_AGAIN', 'lookup-failed'],
  ['EAI_FAIL', 'lookup-failed'],
  ['EAI_MEMORY', 'lookup-failed'],
  ['ESERVFAIL', 'lookup-failed'],
  ['SOMETHING_NEW', 'connection-failed'],
])('is unsent when the name cannot be looked up: %s', async (code, said) => {
  lookUp(failedLookup(code));
  expect(await reserve('http://pay.test:4003')).toEqual({ reply: 'unsent', code: said });
});

/** Of many machines, so that TCP has no way to it, and nothing is sent. */
const multicast = '224.0.0.1';

it('is unsent when no way leads to the address', async () => {
  expect(await reserve(`http://${multicast}:4003`)).toEqual({
    reply: 'unsent',
    code: 'host-unreachable',
  });
});

it('is unsent when every address fails, each in its own way', async () => {
  lookUp([
    { address: multicast, family: 4 },
    { address: '127.0.0.1', family: 4 },
  ]);
  expect(await reserve('http://pay.test:9')).toMatchObject({ reply: 'unsent' });
});

it('is unsent at its deadline while there is no connection, and does not go out afterwards', async () => {
  const received: unknown[] = [];
  const ended = Promise.withResolvers<void>();
  const address = await listen((socket) => {
    socket.on('data', (bytes) => received.push(bytes)).once('close', ended.resolve);
  });
  const named = Promise.withResolvers<void>();
  lookUp([{ address: '127.0.0.1', family: 4 }], named.promise);
  const url = `http://pay.test:${address.split(':')[1]}`;
  expect(await reserve(url, AbortSignal.timeout(50))).toEqual({
    reply: 'unsent',
    code: 'timed-out',
  });
  named.resolve();
  // Idle, the connection that comes about nevertheless is closed by the server.
  await ended.promise;
  expect(received).toEqual([]);
});

it('is unsent when the other end does not speak TLS', async () => {
  const address = await listen((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
  expect(await reserve(`https://${address}`)).toMatchObject({ reply: 'unsent' });
});

it('is unsent when the connection breaks before it is a secure one, and unknown once it is open', async () => {
  const address = await listen((socket) => socket.once('data', () => socket.resetAndDestroy()));
  expect(await reserve(`https://${address}`)).toEqual({
    reply: 'unsent',
    code: 'connection-reset',
  });
  expect(await reserve(`http://${address}`)).toEqual({
    reply: 'unknown',
    code: 'connection-reset',
  });
});
