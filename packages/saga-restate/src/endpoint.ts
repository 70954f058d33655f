/** A replica's tie to a real cluster: where the cluster calls its handlers, and how it learns of that. */
import { once } from 'node:events';
import { createServer, type ServerHttp2Session } from 'node:http2';
import type { AddressInfo } from 'node:net';
import * as restate from '@restatedev/restate-sdk';
import { ClusterUnreachable, createIngress } from './ingress.ts';
import { objectOptions, toObjects } from './objects.ts';
import type { ClusterLink } from './replica.ts';

export interface ClusterOptions {
  /** Of the cluster's nodes: any of them is asked. */
  readonly ingressUrls: readonly string[];
  /** Where this replica's handlers listen, for the cluster alone. Default: on this machine. */
  readonly handlersHost?: string;
  /** 0, the default: any that is free. */
  readonly handlersPort?: number;
  /** Where to tell the cluster at the start that it finds the handlers there, or else at this replica. Without it, somebody else does. */
  readonly registration?:
    | { readonly adminUrls: readonly string[]; readonly handlersUrl?: string | undefined }
    | undefined;
  /** The cluster's public keys: without one, whoever reaches the port may call. */
  readonly identityKeys?: readonly string[];
  readonly onTrouble?: (message: string) => void;
}

export function createLink(options: ClusterOptions): ClusterLink {
  const { handlersHost: host = '127.0.0.1', handlersPort = 0, identityKeys = [] } = options;
  const { ingressUrls, registration, onTrouble = () => {} } = options;
  return {
    call: createIngress(ingressUrls),
    onTrouble,
    async serve(handlers, callLongestMs) {
      const handler = restate.createEndpointHandler({
        services: toObjects(handlers),
        ...(identityKeys.length > 0 && { identityKeys: [...identityKeys] }),
        defaultServiceOptions: objectOptions,
        logger: ({ level }, message, ...rest) => {
          if (level === 'error') onTrouble([message, ...rest].join(' '));
        },
      });
      const { port, turnAway, close } = await listen(handler, { host, port: handlersPort });
      return {
        async register() {
          if (!registration) return;
          const { adminUrls, handlersUrl = `http://${host}:${port}` } = registration;
          await register(adminUrls, handlersUrl);
        },
        turnAway,
        stop: () => close(callLongestMs + spareMs),
      };
    },
  };
}

interface HandlersLimits {
  /** Of the cluster's nodes, each of which needs few: they share the descriptors with the requests of the process. */
  readonly connectionsMax: number;
  /** Without a call under way: a cluster that is alive calls, or opens another connection. */
  readonly silenceMaxMs: number;
}
const usualLimits: HandlersLimits = { connectionsMax: 1_024, silenceMaxMs: 60_000 };

export async function listen(
  handler: ReturnType<typeof restate.createEndpointHandler>,
  { host, port }: { readonly host: string; readonly port: number },
  { connectionsMax, silenceMaxMs }: HandlersLimits = usualLimits,
) {
  const server = createServer(handler);
  server.maxConnections = connectionsMax;
  const sessions = new Set<ServerHttp2Session>();
  server.on('session', (session) => {
    sessions.add(session);
    session.once('close', () => sessions.delete(session));
    let underWay = 0;
    session.on('stream', (stream) => {
      underWay += 1;
      stream.once('close', () => {
        underWay -= 1;
      });
    });
    session.setTimeout(silenceMaxMs);
    session.on('timeout', () => {
      if (underWay === 0) session.destroy();
    });
  });
  server.listen(port, host);
  await once(server, 'listening');
  /** Streams that are under way end. */
  function turnAway(): void {
    for (const session of sessions) session.close();
  }
  async function close(longestMs: number): Promise<void> {
    const closed = once(server, 'close');
    server.close();
    // What the cluster keeps open would keep the process.
    turnAway();
    const cutOff = setTimeout(() => {
      for (const session of sessions) session.destroy();
    }, longestMs);
    await closed;
    clearTimeout(cutOff);
  }
  const address = server.address() as AddressInfo; // the named boundary: it listens on TCP
  return { port: address.port, turnAway, close };
}

/** For the cluster to hear how the last call ended. */
const spareMs = 1_000;

/** Tells the cluster where the handlers are, by the first node that answers. Once for each version of the program, whatever the number of replicas. */
export async function register(adminUrls: readonly string[], handlersUrl: string): Promise<void> {
  let reason: unknown;
  for (const adminUrl of adminUrls) {
    try {
      return await registerAt(adminUrl, handlersUrl);
    } catch (error) {
      if (!(error instanceof ClusterUnreachable)) throw error;
      reason = error;
    }
  }
  throw reason;
}

async function registerAt(adminUrl: string, handlersUrl: string): Promise<void> {
  const answer = await fetch(new URL('/deployments', adminUrl), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ uri: handlersUrl, force: true }),
    signal: AbortSignal.timeout(registerLongestMs),
  }).catch((cause) => {
    throw new ClusterUnreachable(`${adminUrl} does not answer`, { cause });
  });
  if (answer.ok) return;
  const message = `the cluster does not take ${handlersUrl}: ${answer.status} ${await answer.text()}`;
  // A node that starts, or does not reach the handlers yet, may take them later.
  throw answer.status < 500 ? new Error(message) : new ClusterUnreachable(message);
}
const registerLongestMs = 10_000;
