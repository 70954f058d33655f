/** Four participants that do nothing but answer, on one port. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { z } from 'zod';
import { serveTasks } from '../measured-process.ts';

const answer = Buffer.from('{"done":true}');

const server = createServer((request, response) => {
  const { 'idempotency-key': key } = request.headers;
  request.resume().once('end', () => {
    response.setHeader('content-type', 'application/json');
    response.setHeader('content-length', answer.length);
    // Our client believes only an answer that names its request.
    if (key !== undefined) response.setHeader('idempotency-key', key);
    response.end(answer);
  });
});
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => {
  // The one place where the address is known not to be a pipe's.
  const { port } = server.address() as AddressInfo;
  serveTasks(z.never(), { port }, async () => ({}));
});
