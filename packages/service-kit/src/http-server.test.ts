import { once } from 'node:events';
import type { RequestListener, Server } from 'node:http';
import { type AddressInfo, connect, Socket } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { createHttpServer, type ServerLimits, toNetwork, usualLimits } from './http-server.ts';

const quick: ServerLimits = {
  ...usualLimits,
  headersTimeoutMs: 100,
  requestTimeoutMs: 200,
  lingerMs: 100,
  checkEveryMs: 20,
};

const answerAll: RequestListener = (_request, response) => void response.end('fine');

async function serve(app: RequestListener = answerAll, limits: Partial<ServerLimits> = {}) {
  const warnings: unknown[] = [];
  const log = { warn: (...said: unknown[]) => void warnings.push(said.at(-1)) };
  const server = createHttpServer(app, { ...quick, ...limits }, log);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => server.closeAllConnections());
  onTestFinished(() => void server.close());
  return { server, warnings, port: (server.address() as AddressInfo).port };
}

interface Client {
  readonly socket: Socket;
  readonly text: () => string;
}

/** Keeps its own side open when the server ends its own. */
async function open(port: number, localAddress = '127.0.0.1'): Promise<Client> {
  const socket = connect({ port, host: '127.0.0.1', localAddress, allowHalfOpen: true });
  socket.on('error', () => {});
  onTestFinished(() => void socket.destroy());
  let text = '';
  socket.setEncoding('utf8').on('data', (chunk) => {
    text += String(chunk);
  });
  await once(socket, 'connect');
  return { socket, text: () => text };
}

const count = (server: Server): Promise<number> =>
  new Promise((resolve, reject) => {
    server.getConnections((error, connections) => (error ? reject(error) : resolve(connections)));
  });

const head = 'POST / HTTP/1.1\r\nhost: localhost\r\n';

it.each([
  ['an unfinished header', 'GET / HTTP/1.1\r\nx: ', /^HTTP\/1.1 408 .*"request-timeout"/s],
  ['no byte at all', '', /^HTTP\/1.1 408 .*"request-timeout"/s],
  ['no HTTP', 'GARBAGE\r\n\r\n', /^HTTP\/1.1 400 .*"bad-request"/s],
  ['a bad length', `${head}content-length: x\r\n\r\n`, /^HTTP\/1.1 400 .*"bad-request"/s],
  ['two lengths', `${head}content-length: 1\r\ncontent-length: 2\r\n\r\n`, /^HTTP\/1.1 400 /],
  ['large headers', `${head}x: ${'x'.repeat(20_000)}\r\n\r\n`, /^HTTP\/1.1 431 .*"headers-too-l/s],
  ['a wish to close', `${head}connection: close\r\n\r\n`, /^HTTP\/1.1 200 .*fine$/s],
  ['HTTP 1.0', 'GET / HTTP/1.0\r\n\r\n', /^HTTP\/1.1 200 .*fine$/s],
])('gives the place of %s back, though its client stays', async (_what, sent, expected) => {
  const { server, port } = await serve();
  const { socket, text } = await open(port);
  socket.write(sent);
  await expect.poll(text).toMatch(expected);
  await expect.poll(() => count(server)).toBe(0);
});

it('gives the place of a client back that never reads what it asked for', async () => {
  const much = 'x'.repeat(20_000_000);
  const { server, port } = await serve((_request, response) => void response.end(much), {
    silenceMaxMs: 200,
  });
  const { socket } = await open(port);
  socket.pause();
  socket.write(`${head}connection: close\r\ncontent-length: 0\r\n\r\n`);
  await once(server, 'request');
  await expect.poll(() => count(server)).toBe(0);
});

it('gives the place of a client back that drinks its answer drop by drop', async () => {
  const much = 'x'.repeat(20_000_000);
  const { server, port } = await serve((_request, response) => void response.end(much), {
    answerLongestMs: 300,
  });
  const { socket } = await open(port);
  socket.removeAllListeners('data').pause();
  const drink = setInterval(() => socket.read(100), 10);
  onTestFinished(() => clearInterval(drink));
  socket.write(`${head}connection: close\r\ncontent-length: 0\r\n\r\n`);
  await once(server, 'request');
  await expect.poll(() => count(server)).toBe(0);
});

it('leaves a stream of events that lasts longer than an answer', async () => {
  const told = Promise.withResolvers<void>();
  const { port } = await serve(
    (_request, response) => {
      response.setHeader('content-type', 'text/event-stream');
      response.write('data: 1\n\n');
      setTimeout(() => {
        response.write('data: 2\n\n');
        told.resolve();
      }, 300);
    },
    { answerLongestMs: 100 },
  );
  const { socket, text } = await open(port);
  socket.write(`${head}content-length: 0\r\n\r\n`);
  await told.promise;
  await expect.poll(text).toContain('data: 2');
});

it('says nothing more to a client that drips on after its answer', async () => {
  const { server, port } = await serve();
  const { socket, text } = await open(port);
  socket.write(`${head}content-length: 100\r\n\r\nx`);
  await expect.poll(() => count(server)).toBe(0);
  expect(text().match(/HTTP\/1.1/g)).toHaveLength(1);
  expect(text()).toContain('200');
});

it('closes, unanswered, a request that the app has and whose body does not come', async () => {
  const { server, port } = await serve((request) => void request.resume());
  const { socket, text } = await open(port);
  socket.write(`${head}content-length: 100\r\n\r\nx`);
  await expect.poll(() => count(server)).toBe(0);
  expect(text()).toBe('');
});

it('never calls a request malformed that waited while the process stood still', async () => {
  const { port } = await serve();
  const { socket, text } = await open(port);
  // As a process does that was stopped: what came meanwhile is read after the timers.
  const until = performance.now() + 400;
  socket.write(`${head}content-length: 0\r\n\r\n`);
  await new Promise(setImmediate);
  while (performance.now() < until);
  await expect.poll(text).toMatch(/^HTTP\/1.1 (200|408)/);
});

it('leaves places for others, where one address asks for all of them', async () => {
  const { server, warnings, port } = await serve(answerAll, {
    connectionsPerAddressMax: 2,
    headersTimeoutMs: 60_000,
    requestTimeoutMs: 60_000,
  });
  const [first] = await Promise.all([open(port), open(port), open(port), open(port)]);
  await expect.poll(() => count(server)).toBe(2);
  const other = await open(port, '127.0.0.2');
  other.socket.write(`${head}content-length: 0\r\n\r\n`);
  await expect.poll(other.text).toMatch(/^HTTP\/1.1 200/);
  expect(warnings).toEqual([expect.stringContaining('CONNECTIONS_PER_ADDRESS_MAX')]);

  // A place that was given back is there again.
  other.socket.destroy();
  first?.socket.destroy();
  await expect.poll(() => count(server)).toBe(1);
  const next = await open(port);
  next.socket.write(`${head}content-length: 0\r\n\r\n`);
  await expect.poll(next.text).toMatch(/^HTTP\/1.1 200/);
});

it.each([
  ['127.0.0.1', '127.0.0.1'],
  ['::ffff:10.0.0.7', '10.0.0.7'],
  ['::1', '0:0:0:0::/64'],
  ['2001:db8::1', '2001:db8:0:0::/64'],
  ['2001:db8:0:7:a:b:c:d', '2001:db8:0:7::/64'],
  ['2001:db8::7:a:b:c:d', '2001:db8:0:7::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
])('counts %s as %s', (address, network) => {
  expect(toNetwork(address)).toBe(network);
});

it('counts the addresses of one IPv6 network together', async () => {
  const { server } = await serve(answerAll, { connectionsPerAddressMax: 2 });
  const [first, second, third] = [1, 2, 3].map((last) => {
    const socket = Object.defineProperty(new Socket(), 'remoteAddress', {
      value: `2001:db8::${last}`,
    });
    server.emit('connection', socket);
    onTestFinished(() => void socket.destroy());
    return socket.destroyed;
  });
  expect([first, second, third]).toEqual([false, false, true]);
});
