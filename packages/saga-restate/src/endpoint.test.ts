import { once } from 'node:events';
import { type ClientHttp2Stream, connect as connectSession } from 'node:http2';
import { connect, type Socket } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { listen } from './endpoint.ts';

const quick = { connectionsMax: 2, silenceMaxMs: 100 };

async function open(port: number): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  socket.on('error', () => {});
  onTestFinished(() => void socket.destroy());
  await once(socket, 'connect');
  return socket;
}

async function serve(onRequest: Parameters<typeof listen>[0] = () => {}, limits = quick) {
  const { port, close } = await listen(onRequest, { host: '127.0.0.1', port: 0 }, limits);
  onTestFinished(() => close(0));
  return port;
}

it('gives the place of a silent connection back, though its client stays', async () => {
  const port = await serve(undefined, { ...quick, connectionsMax: 1 });
  const socket = await open(port);
  await once(socket.resume(), 'end', { signal: AbortSignal.timeout(5_000) });
  const next = await open(port);
  await once(next, 'data', { signal: AbortSignal.timeout(5_000) });
});

it('has no more connections than its limit', async () => {
  const port = await serve(undefined, { ...quick, silenceMaxMs: 60_000 });
  await open(port);
  await open(port);
  const third = await open(port);
  await once(third.resume(), 'end', { signal: AbortSignal.timeout(5_000) });
});

it('leaves a call under way that is silent for longer, and then closes', async () => {
  let isSilent = false;
  const port = await serve((request, response) => {
    if (!('stream' in request)) return;
    // As long as it takes the session to be called silent.
    request.stream.session?.once('timeout', () => {
      isSilent = true;
      response.end('late');
    });
  });
  const session = connectSession(`http://127.0.0.1:${port}`);
  onTestFinished(() => session.destroy());
  const gone = once(session, 'close', { signal: AbortSignal.timeout(5_000) });
  const stream: ClientHttp2Stream = session.request({ ':path': '/', ':method': 'POST' });
  const [answer] = await once(stream.end(), 'data', { signal: AbortSignal.timeout(5_000) });
  expect([isSilent, String(answer)]).toEqual([true, 'late']);
  await gone;
});
