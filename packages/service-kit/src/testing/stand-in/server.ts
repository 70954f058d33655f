/** A server that misbehaves as told, on a port of its own, for this package's own tests. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export type Behaviour = (request: IncomingMessage, response: ServerResponse) => void;

export interface Misbehaving {
  readonly url: string;
  readonly port: number;
  readonly requests: readonly IncomingMessage[];
  readonly behave: (behaviour: Behaviour) => void;
  readonly close: () => Promise<void>;
}

export async function createMisbehaving(): Promise<Misbehaving> {
  let behaviour: Behaviour = (_request, response) => response.end();
  const requests: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    requests.push(request);
    request.resume();
    request.on('end', () => behaviour(request, response));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    requests,
    behave: (next) => {
      behaviour = next;
    },
    close: () => {
      const closed = new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
      server.closeAllConnections();
      return closed;
    },
  };
}

/** An answer written in full, as a well-behaved server would. */
export const answering =
  (status: number, type: string, body: unknown, headers: Record<string, string> = {}): Behaviour =>
  (_request, response) => {
    response.writeHead(status, { 'content-type': type, ...headers });
    response.end(typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body));
  };
