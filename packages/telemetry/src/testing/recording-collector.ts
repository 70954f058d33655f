/** A collector that keeps all it gets, on a free port of this machine. */
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';

export interface Recorded {
  readonly url: string | undefined;
  readonly headers: IncomingHttpHeaders;
  /** Decompressed. */
  readonly body: Buffer;
}

export interface RecordingCollector {
  readonly address: string;
  readonly recorded: readonly Recorded[];
  readonly close: () => Promise<void>;
}

export interface RecordingOptions {
  /** PEM; with it, the collector is spoken to by HTTPS. */
  readonly tls?: {
    readonly key: string;
    readonly cert: string;
    /** Senders must show a certificate of this authority. */
    readonly ca?: string;
  };
  /** False: it answers nothing. */
  readonly answers?: boolean;
  /** Called at each answer. */
  readonly readStatus?: () => number;
}

async function read(request: IncomingMessage): Promise<Recorded> {
  const { url, headers } = request;
  const sent = Buffer.concat(await request.toArray());
  return { url, headers, body: headers['content-encoding'] === 'gzip' ? gunzipSync(sent) : sent };
}

export async function startRecordingCollector({
  tls,
  answers = true,
  readStatus = () => 200,
}: RecordingOptions = {}): Promise<RecordingCollector> {
  const recorded: Recorded[] = [];
  const listener = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    recorded.push(await read(request));
    if (answers) response.writeHead(readStatus()).end();
  };
  const server = tls
    ? createTlsServer({ ...tls, requestCert: tls.ca !== undefined }, listener)
    : createServer(listener);
  const listening = Promise.withResolvers<void>();
  server.listen(0, '127.0.0.1', listening.resolve);
  await listening.promise;
  // The one place where the address is known not to be a pipe's.
  const { port } = server.address() as AddressInfo;
  return {
    address: `${tls ? 'https' : 'http'}://127.0.0.1:${port}`,
    recorded,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
