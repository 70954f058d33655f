/** Answers at a participant's port byte by byte, and so can send what no HTTP server would. */
import { type AddressInfo, createServer, type Socket } from 'node:net';

/** Writes to a connection once a request has arrived on it. */
export type Hostility = (socket: Socket) => void;

export interface HostileServer {
  readonly url: string;
  readonly port: number;
  /** Connections that are still open. */
  readonly open: ReadonlySet<Socket>;
  /** Requests that arrived, as far as one read shows them. */
  readonly requests: readonly string[];
  behave(hostility: Hostility): void;
  close(): Promise<void>;
}

export async function startHostileServer(port = 0): Promise<HostileServer> {
  const open = new Set<Socket>();
  const requests: string[] = [];
  let hostility: Hostility = (socket) => socket.destroy();
  const server = createServer((socket) => {
    open.add(socket);
    socket.on('close', () => open.delete(socket));
    // The caller hangs up on an answer that it does not believe.
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      requests.push(String(chunk));
      hostility(socket);
    });
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const { port: taken } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${taken}`,
    port: taken,
    open,
    requests,
    behave: (next) => {
      hostility = next;
    },
    close: () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of open) socket.destroy();
      return closed;
    },
  };
}

export const saying =
  (...parts: readonly (string | Buffer)[]): Hostility =>
  (socket) => {
    for (const part of parts) socket.write(part);
  };

/** As `saying`, and hangs up afterwards. */
export const sayingLast =
  (...parts: readonly (string | Buffer)[]): Hostility =>
  (socket) => {
    saying(...parts)(socket);
    socket.end();
  };

/** Goes on for as long as the connection lasts. */
export const repeating =
  (first: string, part: string, everyMs: number): Hostility =>
  (socket) => {
    socket.write(first);
    const timer = setInterval(() => socket.write(part), everyMs);
    socket.on('close', () => clearInterval(timer));
  };

/** As fast as the other side takes it. */
export const pouring =
  (first: string, part: string): Hostility =>
  (socket) => {
    socket.write(first);
    const pour = (): void => {
      while (!socket.destroyed && socket.write(part)) {}
    };
    socket.on('drain', pour);
    pour();
  };

export const toAnswer = (body: string | Buffer, headers = 'Content-Type: application/json') =>
  Buffer.concat([
    Buffer.from(
      `HTTP/1.1 200 OK\r\n${headers}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n`,
      'latin1',
    ),
    Buffer.from(body),
  ]);
