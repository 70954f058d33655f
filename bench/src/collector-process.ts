/**
 * A collector of spans in a process of its own: spans are kept as they arrive, and read only on request, so that it
 * takes next to nothing from the measured processes while orders are placed.
 */
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createTraceCount } from './trace-count.ts';

const traces = createTraceCount();
const unread: { readonly body: Buffer; readonly type: string | undefined }[] = [];
let lastAt = 0;

async function keep(request: IncomingMessage): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  unread.push({ body: Buffer.concat(chunks), type: request.headers['content-type'] });
  lastAt = Date.now();
}

function readCount(): string {
  for (const { body, type } of unread.splice(0)) traces.add(body, type);
  return JSON.stringify({ shapes: traces.readShapes(), spans: traces.spans(), lastAt });
}

const server = createServer(async (request, response) => {
  switch (`${request.method} ${request.url}`) {
    case 'POST /v1/traces':
      await keep(request);
      // The answer takes all spans, in JSON as in protobuf: an exporter that cannot read an answer takes longer.
      response.end();
      break;
    case 'GET /count':
      response.setHeader('content-type', 'application/json').end(readCount());
      break;
    case 'DELETE /count':
      readCount();
      traces.clear();
      response.end();
      break;
    default:
      response.writeHead(404).end();
  }
});
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => {
  // The one place where the address is known not to be a pipe's.
  const { port } = server.address() as AddressInfo;
  process.stdout.write(`${port}\n`);
});
// The parent process has gone.
process.stdin.once('close', () => process.exit(0)).resume();
