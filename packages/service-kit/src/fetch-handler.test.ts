import { incarnationHeader, keyHeader } from '@baton/contracts';
import request, { type Agent } from 'supertest';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createFetchHandler } from './fetch-handler.ts';
import { createStandIn, type StandIn } from './testing/stand-in/inventory.ts';

/** The same routes behind both. */
let express: StandIn;
let handle: (request: Request) => Promise<Response>;
beforeEach(() => {
  express = createStandIn();
  handle = createFetchHandler({
    routes: express.routes,
    incarnation: express.store.incarnation,
    hosts: [],
  });
});
afterEach(() => express.store.close());

const json = { 'content-type': 'application/json' };
const body = (text: string, headers: object = json) => ({
  method: 'POST' as const,
  path: '/reserve',
  headers: { [keyHeader]: 'ord_1:reserve', ...headers },
  body: text,
});
const good = JSON.stringify({ orderId: 'ord_1', lines: [{ sku: 'mug', quantity: 1 }] });

const ask = {
  GET: (app: Agent, path: string) => app.get(path),
  HEAD: (app: Agent, path: string) => app.head(path),
  POST: (app: Agent, path: string) => app.post(path),
  PUT: (app: Agent, path: string) => app.put(path),
};

interface Asked {
  readonly method: keyof typeof ask;
  readonly host?: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

const asked: Readonly<Record<string, Asked>> = {
  'a good body': body(good),
  'a body without a type': body(good, { 'content-type': 'text/plain' }),
  'a body in another charset': body(good, { 'content-type': 'application/json; charset=latin1' }),
  'a body that says its charset': body(good, { 'content-type': 'application/json; charset=utf-8' }),
  'a body that says that it is packed': body(good, { ...json, 'content-encoding': 'x-pack' }),
  'a body that is no JSON': body(good.slice(1)),
  'a body that is no document': body('"text"'),
  'a body of spaces': body('  '),
  'a body that is as long as it may be': body(good.padEnd(16 * 1024)),
  'a body that is too long': body(good.padEnd(16 * 1024 + 1)),
  'no body': { method: 'POST', path: '/reserve', headers: { [keyHeader]: 'ord_1:reserve' } },
  'no key': { method: 'POST', path: '/reserve', headers: json, body: good },
  'a read': { method: 'GET', path: '/stock' },
  'a read of the head': { method: 'HEAD', path: '/stock' },
  'a read with a query': { method: 'GET', path: '/stock?unknown=1' },
  'a read of a name that has to be decoded': { method: 'GET', path: '/reservations/ord%5F1' },
  'a name that cannot be decoded': { method: 'GET', path: '/reservations/%E0%A4%A' },
  'a host that is none of ours': { method: 'GET', path: '/stock', host: 'evil.example' },
  'another method': { method: 'PUT', path: '/stock' },
  'a path that is none': { method: 'GET', path: '/nothing' },
  'another site': body(good, { ...json, 'sec-fetch-site': 'cross-site' }),
  'another port of this machine': body(good, { ...json, origin: 'http://localhost:9' }),
};

const named = ['allow', 'content-type', keyHeader, 'content-security-policy'];

it.each(Object.entries(asked))(
  'answers %s as Express does',
  async (_name, { method, path, headers = {}, body: sent, host = '127.0.0.1' }) => {
    const theirs = await ask[method](request(express.app), path)
      .set({ ...headers, host })
      .send(sent);
    const answer = await handle(
      new Request(`http://${host}${path}`, { method, headers, body: sent ?? null }),
    );
    expect([answer.status, await answer.text()]).toEqual([theirs.status, theirs.text ?? '']);
    for (const name of named)
      expect([name, answer.headers.get(name)]).toEqual([name, theirs.headers[name] ?? null]);
    expect(answer.headers.get(incarnationHeader)).toBe(express.store.incarnation);
  },
);
