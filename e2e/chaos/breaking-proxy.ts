/**
 * Stands in front of a program and breaks requests, as a network does, by a seed: it refuses, delays, drops, cuts and
 * repeats them. Once calm, it only passes requests on, and releases the held ones on command.
 */
import { once } from 'node:events';
import {
  Agent,
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  request,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import type { Random } from '../src/random.ts';

interface Message {
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}
interface Request extends Message {
  readonly method: string;
  readonly path: string;
}
interface Answer extends Message {
  readonly status: number;
}

export interface BreakingProxy {
  readonly url: string;
  /** Broken requests, by the kind of trouble. */
  readonly broken: ReadonlyMap<string, number>;
  calm(): void;
  /** Sends the held requests. Resolves when all were answered, or failed. */
  deliverHeld(): Promise<void>;
  close(): Promise<void>;
}

export interface ProxyOptions {
  readonly port: number;
  readonly random: Random;
}

const host = '127.0.0.1';
/** Of all requests. */
const brokenShare = 0.15;
const shutMaxMs = 1_500;
/** Longer than some steps try. */
const partedMaxMs = 5_000;
const delayMaxMs = 2_000;
/** Held requests come within this time, or, as often, at the very end. */
const heldMaxMs = 20_000;
/** Some orders carry a fault that leaves them without an answer. */
const answerLongestMs = 10_000;

/** Hop by hop: each side has its own. */
const toHeaders = ({ headers, body }: Message): IncomingHttpHeaders => ({
  ...headers,
  connection: undefined,
  'keep-alive': undefined,
  'transfer-encoding': undefined,
  'content-length': String(body.length),
});

const toDefined = (headers: IncomingHttpHeaders) =>
  Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== undefined));

function createForward(port: number, agent: Agent) {
  return async (sent: Request): Promise<Answer> => {
    const { method, path, body } = sent;
    const headers = toDefined(toHeaders(sent));
    const signal = AbortSignal.timeout(answerLongestMs);
    const asking = request({ host, port, agent, method, path, headers, signal }).end(body);
    const [answer]: IncomingMessage[] = await once(asking, 'response');
    if (!answer) throw new Error('no answer');
    return {
      status: answer.statusCode ?? 0,
      headers: answer.headers,
      body: await buffer(answer),
    };
  };
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const cut = (response: ServerResponse): unknown => response.socket?.resetAndDestroy();

function say(response: ServerResponse, answer: Answer): void {
  response.writeHead(answer.status, toDefined(toHeaders(answer))).end(answer.body);
}

function sayHalf(response: ServerResponse, answer: Answer): void {
  response.writeHead(answer.status, toDefined(toHeaders(answer)));
  response.write(answer.body.subarray(0, answer.body.length / 2), () => cut(response));
}

/** Passes a request on a second time, also long after its answer or after its caller gave up. */
function createHeldBack(forward: (sent: Request) => Promise<Answer>, random: Random) {
  const held = new Set<Request>();
  const deliver = async (sent: Request): Promise<void> => {
    if (held.delete(sent)) await forward(sent).catch(() => {});
  };
  return {
    add: (sent: Request): void => {
      held.add(sent);
      if (random.chance(0.5)) setTimeout(deliver, random.whole(100, heldMaxMs), sent).unref();
    },
    deliverAll: async () => {
      await Promise.all([...held].map(deliver));
    },
  };
}

type Fate = (sent: Request, response: ServerResponse) => Promise<unknown> | unknown;

export async function startBreakingProxy({ port, random }: ProxyOptions): Promise<BreakingProxy> {
  const agent = new Agent({ keepAlive: true });
  const forward = createForward(port, agent);
  const heldBack = createHeldBack(forward, random);
  const broken = new Map<string, number>();
  const pass: Fate = async (sent, response) => say(response, await forward(sent));
  const fates: Readonly<Record<string, Fate>> = {
    reset: (_sent, response) => cut(response),
    dropped: () => {},
    delayed: async (sent, response) => {
      await pause(random.whole(50, delayMaxMs));
      return pass(sent, response);
    },
    late: (sent, response) => {
      heldBack.add(sent);
      return cut(response);
    },
    'answer lost': async (sent, response) => {
      await forward(sent);
      return cut(response);
    },
    'answer cut': async (sent, response) => sayHalf(response, await forward(sent)),
    doubled: async (sent, response) => {
      const [answer] = await Promise.all([forward(sent), forward(sent)]);
      return say(response, answer);
    },
    repeated: (sent, response) => {
      heldBack.add(sent);
      return pass(sent, response);
    },
    shut: (_sent, response) => {
      cut(response);
      shut(random.whole(100, shutMaxMs));
    },
    /** For a while, each request arrives only after its caller gave up. */
    parted: (sent, response) => {
      partedUntilMs = performance.now() + random.whole(500, partedMaxMs);
      return pickFate(sent)(sent, response);
    },
  };
  /** Requests come twice, or after their caller gave up: for that, a request must have a key. */
  const repeating = ['late', 'doubled', 'repeated'];
  const kinds = Object.keys(fates);
  let isCalm = false;
  let partedUntilMs = 0;
  let reopening: NodeJS.Timeout | undefined;

  const server = createServer(async (incoming, response) => {
    try {
      const { method = 'GET', url: path = '/', headers } = incoming;
      const sent = { method, path, headers, body: await buffer(incoming) };
      await pickFate(sent)(sent, response);
    } catch {
      // A cut is all that the client learns of a failure behind the proxy.
      cut(response);
    }
  });
  server.listen(0, host);
  await once(server, 'listening');
  const { port: ownPort } = server.address() as AddressInfo;

  function pickKind(isKeyed: boolean): string | undefined {
    if (isCalm) return undefined;
    const isParted = performance.now() < partedUntilMs;
    const kind = isParted ? 'late' : random.pick(kinds);
    if (!isKeyed && repeating.includes(kind)) return isParted ? 'reset' : undefined;
    return isParted || random.chance(brokenShare) ? kind : undefined;
  }

  function pickFate({ headers }: Request): Fate {
    const kind = pickKind(headers['idempotency-key'] !== undefined);
    if (kind === undefined) return pass;
    broken.set(kind, (broken.get(kind) ?? 0) + 1);
    return fates[kind] ?? pass;
  }

  /** Nobody gets a connection for a while. */
  function shut(ms: number): void {
    if (!server.listening) return;
    server.close();
    reopening = setTimeout(() => server.listen(ownPort, host), ms);
  }

  return {
    url: `http://${host}:${ownPort}`,
    broken,
    calm: () => {
      isCalm = true;
    },
    deliverHeld: heldBack.deliverAll,
    close: async () => {
      clearTimeout(reopening);
      server.close();
      server.closeAllConnections();
      agent.destroy();
    },
  };
}
