/** A stand-in for an orchestrator with any number of orders and any rate of new ones: the tests measure the page, not services. */
import { readFileSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

const built = new URL('../../apps/console/dist/', import.meta.url);
const types: Readonly<Record<string, string>> = { js: 'text/javascript', css: 'text/css' };
const pageSize = 100;
const tickMs = 25;

const toId = (number: number): string => `ord_${String(number).padStart(8, '0')}`;
const at = (number: number): string => new Date(1_780_000_000_000 + number).toISOString();

const steps = ['validate', 'reserve', 'pay', 'notify'];
const workflow = {
  name: 'place-order',
  noun: 'order',
  plural: 'orders',
  idPrefix: 'ord_',
  versions: [{ version: 1, steps: [] }],
  presets: [],
};

const counts = Array.from({ length: 60 }, (_, place) => place * 17);
/** The answers for the system view's requests of each second. */
const asked: Readonly<Record<string, unknown>> = {
  '/overview': {
    startedAt: at(0),
    standby: true,
    open: 40,
    openMax: 10_000,
    moving: 40,
    queued: 0,
    quarantined: 0,
    stuck: 0,
    degraded: 0,
    oldest: null,
    breakable: false,
    rates: {
      sliceMs: 5_000,
      accepted: counts,
      completed: counts,
      halfWithinMs: 40,
      mostWithinMs: 90,
    },
  },
  '/participants': {
    participants: ['printer', 'post', 'bank'].map((name) => ({
      name,
      answers: true,
      breaker: 'closed',
      nextTryAt: null,
      openings: 0,
      inFlight: 3,
      waiting: 0,
      parked: 0,
      incarnation: null,
    })),
  },
  '/alerts': { alerts: [] },
};

function listPage(orders: number, cursor: number) {
  const numbers = Array.from({ length: Math.min(pageSize, cursor) }, (_, place) => cursor - place);
  const shown = numbers.map((number) => ({
    orderId: toId(number),
    status: 'completed',
    version: 1,
    createdAt: at(number),
    degraded: [],
    writtenOff: [],
  }));
  const next = Math.min(cursor, orders) - pageSize;
  return { orders: shown, nextCursor: next > 0 ? String(next) : null };
}

/** All events of one order. */
function toEvents(number: number): string {
  const tell = (seq: number, type: string, more: object = {}): string =>
    `id: ${number * 10 + seq}\nevent: ${type}\ndata: ${JSON.stringify({ orderId: toId(number), seq, type, at: at(number), ...more })}\n\n`;
  return [
    tell(1, 'accepted'),
    ...steps.map((step, place) => tell(place + 2, 'step-succeeded', { step, attempt: 1 })),
    tell(6, 'completed'),
  ].join('');
}

export interface Crowd {
  readonly url: string;
  /** New orders a second, to every listener. */
  readonly tell: (rate: number) => void;
  readonly close: () => Promise<void>;
}

export async function openCrowd(orders: number): Promise<Crowd> {
  const listeners = new Set<ServerResponse>();
  let rate = 0;
  let owed = 0;
  let told = orders;
  const timer = setInterval(() => {
    owed += (rate * tickMs) / 1_000;
    for (; owed >= 1; owed -= 1) {
      told += 1;
      for (const listener of listeners) listener.write(toEvents(told));
    }
  }, tickMs);
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost');
    const sendJson = (body: unknown): void => {
      response.setHeader('content-type', 'application/json').end(JSON.stringify(body));
    };
    if (pathname === '/events') {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
      listeners.add(response);
      response.on('close', () => listeners.delete(response));
    } else if (pathname === '/workflows') sendJson({ workflows: [workflow] });
    else if (pathname === '/orders')
      sendJson(listPage(orders, Number(searchParams.get('cursor') ?? orders)));
    else if (pathname in asked) sendJson(asked[pathname]);
    else sendFile(pathname, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    tell: (perSecond) => {
      rate = perSecond;
    },
    close: async () => {
      clearInterval(timer);
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function sendFile(pathname: string, response: ServerResponse): void {
  const name = pathname === '/' ? 'index.html' : pathname.slice(1);
  const type = types[name.split('.').at(-1) ?? ''] ?? 'text/html';
  response.setHeader('content-type', type).end(readFileSync(new URL(name, built)));
}
