import { createServer as createHttpServer, type RequestListener } from 'node:http';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { pickFreePorts, readOccupant } from './jaeger-ports.ts';

const servers: Server[] = [];
afterEach(async () => {
  const closing = servers.splice(0);
  await Promise.all(closing.map((server) => new Promise((closed) => server.close(closed))));
});

async function listen(server: Server): Promise<number> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

const serve = (answer: RequestListener) => listen(createHttpServer(answer));
const json =
  (body: unknown): RequestListener =>
  (request, response) => {
    request.resume();
    response.setHeader('connection', 'close').end(JSON.stringify(body));
  };

it('tells a Jaeger by its answers on both ports', async () => {
  const otlp = await serve(json({ partialSuccess: {} }));
  const query = await serve(json({ data: null, total: 0 }));
  expect(await readOccupant({ otlp, query })).toEqual({ kind: 'jaeger' });
});

it('finds nobody on ports that are free', async () => {
  expect(await readOccupant(await pickFreePorts())).toEqual({ kind: 'nobody' });
});

it('names the port that something else has taken', async () => {
  const free = await pickFreePorts();
  const otlp = await serve(json({ partialSuccess: {} }));
  const page = await serve((_request, response) => response.end('<html>'));
  const mute = await listen(createServer((socket) => socket.destroy()));
  expect(await readOccupant({ otlp, query: page })).toEqual({ kind: 'other', port: page });
  expect(await readOccupant({ otlp: mute, query: free.query })).toEqual({
    kind: 'other',
    port: mute,
  });
});

it('takes half a Jaeger for something else', async () => {
  const free = await pickFreePorts();
  const otlp = await serve(json({ partialSuccess: {} }));
  const query = await serve(json({ data: [] }));
  expect(await readOccupant({ ...free, otlp })).toEqual({ kind: 'other', port: otlp });
  expect(await readOccupant({ ...free, query })).toEqual({ kind: 'other', port: query });
});
