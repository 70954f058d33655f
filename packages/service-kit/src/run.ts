/** Runs an app as a process: listen, say so, and stop without losing what is under way. */
import type { RequestListener, Server } from 'node:http';
import { flushCompileCache } from 'node:module';
import type { AddressInfo } from 'node:net';
import type { Log } from '@baton/telemetry';
import { createHttpServer, usualLimits } from './http-server.ts';
import { StartupProblem } from './startup-problem.ts';

export interface RunOptions {
  readonly service: string;
  readonly app: RequestListener;
  readonly host: string;
  /** 0: any free one; the ready line says which. */
  readonly port: number;
  readonly log: Log;
  /** Connections of one client address. Default: all. */
  readonly connectionsPerAddressMax?: number | undefined;
  /** Called once, after the last request: closes the store. */
  readonly close: () => void | Promise<void>;
  /** Stop when stdin closes: the supervisor has gone. */
  readonly supervised: boolean;
}

export interface Running {
  readonly port: number;
  readonly stop: () => Promise<void>;
}

/** Requests still open after this are cut; their callers take the outcome for unknown and ask again. */
const graceMs = 2_000;

function toListenProblem(error: unknown, host: string, port: number): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  switch (code) {
    case 'EADDRINUSE':
      return new StartupProblem(
        [
          `Port ${port} on ${host} is in use: stop what uses it, or set PORT to another (0: any free one).`,
        ],
        { passing: true },
      );
    case 'EACCES':
      return new StartupProblem([
        `Port ${port} may not be opened by this user: set PORT to 1024 or more.`,
      ]);
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return new StartupProblem([
        `${host} is no address of this machine: set HOST to an address of it, such as 127.0.0.1.`,
      ]);
    default:
      return error;
  }
}

async function listen(server: Server, host: string, port: number): Promise<number> {
  const listening = Promise.withResolvers<void>();
  server.once('error', listening.reject);
  server.listen(port, host, listening.resolve);
  try {
    await listening.promise;
  } catch (error) {
    throw toListenProblem(error, host, port);
  }
  // The one place where the address is known not to be a pipe's.
  return (server.address() as AddressInfo).port;
}

/** A kept connection becomes idle when its answer ends, and Node does not close it by itself. */
const idleCheckMs = 20;

/** Idle connections are closed at once, busy ones as their answers end, the rest after the grace. */
async function drain(server: Server): Promise<void> {
  const closed = Promise.withResolvers<void>();
  server.close(() => closed.resolve());
  const idle = setInterval(() => server.closeIdleConnections(), idleCheckMs);
  const cut = setTimeout(() => server.closeAllConnections(), graceMs);
  await closed.promise;
  clearInterval(idle);
  clearTimeout(cut);
}

function createStop(server: Server, { close, log }: RunOptions): () => Promise<void> {
  let stopping: Promise<void> | undefined;
  const stop = async () => {
    log.info('stopping');
    await drain(server);
    await close();
  };
  return () => {
    stopping ??= stop();
    return stopping;
  };
}

function stopOnSignals(stop: () => Promise<void>, { log, supervised }: RunOptions): void {
  const end = async () => {
    try {
      await stop();
      process.exit(0);
    } catch (error) {
      log.fatal({ err: error }, 'could not stop cleanly');
      process.exit(1);
    }
  };
  process.once('SIGTERM', end);
  process.once('SIGINT', end);
  if (!supervised) return;
  process.stdin.once('close', end);
  process.stdin.once('end', end);
  process.stdin.resume();
}

export async function runService(options: RunOptions): Promise<Running> {
  const { app, log, connectionsPerAddressMax = usualLimits.connectionsPerAddressMax } = options;
  const server = createHttpServer(app, { ...usualLimits, connectionsPerAddressMax }, log);
  const port = await listen(server, options.host, options.port);
  const stop = createStop(server, options);
  stopOnSignals(stop, options);
  process.stdout.write(`${JSON.stringify({ ready: true, service: options.service, port })}\n`);
  // Now, since a process that is killed later never writes it, and the next one would compile everything again.
  flushCompileCache();
  return { port, stop };
}
