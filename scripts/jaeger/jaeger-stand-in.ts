#!/usr/bin/env node
/** A JAEGER_BIN for tests without a real Jaeger: it answers on both ports, and keeps nothing. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';

const { JAEGER_OTLP_PORT, JAEGER_QUERY_PORT, STAND_IN = '' } = process.env;

function serve(port: string | undefined, toAnswer: (request: IncomingMessage) => unknown): void {
  const answer = (request: IncomingMessage, response: ServerResponse) => {
    request.resume();
    response.setHeader('content-type', 'application/json').end(JSON.stringify(toAnswer(request)));
  };
  createServer(answer).listen(Number(port), '127.0.0.1');
}

if (STAND_IN === 'fails') {
  process.stderr.write('no such setting\n');
  process.exit(3);
}
if (STAND_IN === 'ignores-sigterm') process.on('SIGTERM', () => {});
serve(JAEGER_OTLP_PORT, () => ({ partialSuccess: {} }));
if (STAND_IN !== 'mute')
  serve(JAEGER_QUERY_PORT, ({ url }) => {
    if (url === '/end') setImmediate(() => process.exit(4));
    return { data: [] };
  });
