/** Who may do what, line by line as docs/security.md has it, against real processes and byte by byte. */
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { paymentOperations } from '@baton/contracts/payment-service';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startHostileServer } from './hostile-server.ts';
import { appNames, restart, type System, start, startSystem } from './processes.ts';

const token = 'an-operator-token-of-some-length';
const bearer = { authorization: `Bearer ${token}` };
const json = { 'content-type': 'application/json' };
const order = {
  customerId: 'ada',
  lines: [{ sku: 'mug', quantity: 2 }],
  payment: { method: 'card', token: 'tok_ok' },
};

let folder: string;
let system: System;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'baton-security-'));
  const env = { OPERATOR_TOKEN: token };
  system = await startSystem(join(folder, 'data'), env, env);
});
afterAll(async () => {
  await system.stop();
  rmSync(folder, { recursive: true });
});

const port = (): number => system.apps.get('orchestrator')?.port ?? 0;
const url = (path: string): string => `http://127.0.0.1:${port()}${path}`;
const place = (body: unknown, headers: Record<string, string> = {}) =>
  fetch(url('/orders'), {
    method: 'POST',
    headers: { ...json, prefer: 'wait=20', ...headers },
    body: JSON.stringify(body),
  });

/** Sends bytes as they are, and hears all that is answered until the other side hangs up. */
async function say(bytes: string): Promise<{ readonly status: number; readonly answer: string }> {
  const socket = connect(port(), '127.0.0.1');
  socket.on('error', () => {});
  socket.write(Buffer.from(bytes, 'latin1'));
  const answer = await text(socket).catch(() => '');
  return { status: Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1]), answer };
}

describe('operating', () => {
  const attempts: readonly (readonly [string, string, object | null])[] = [
    ['GET', '/faults', null],
    ['PUT', '/faults/payment.process', { kind: 'reset' }],
    ['DELETE', '/faults', null],
    ['DELETE', '/faults/payment.process', null],
    ['POST', '/orders/ord_1/retry', { reason: 'why not' }],
    ['POST', '/orders/ord_1/skip', { step: 'notify', reason: 'why not' }],
    // Other spellings of the same paths.
    ['GET', '/FAULTS/', null],
    ['POST', '/Orders/ord_1/RETRY/', { reason: 'why not' }],
    ['POST', '/orders/ord%5F1/skip', { step: 'notify', reason: 'why not' }],
  ];
  it.each(attempts)('%s %s takes the token, where there is one', async (method, path, body) => {
    const ask = async (headers: Record<string, string>) => {
      const sent = body === null ? {} : { body: JSON.stringify(body) };
      return (await fetch(url(path), { method, headers: { ...json, ...headers }, ...sent })).status;
    };
    expect(await ask({})).toBe(401);
    expect(await ask({ authorization: 'Bearer wrong', 'x-forwarded-for': '127.0.0.1' })).toBe(401);
    expect(await ask(bearer)).not.toBe(401);
  });

  it.each(attempts.filter(([method]) => method !== 'GET'))(
    '%s %s is refused where a page of another site asks for it',
    async (method, path) => {
      const headers = { ...bearer, origin: 'http://evil.example', 'sec-fetch-site': 'cross-site' };
      expect((await fetch(url(path), { method, headers })).status).toBe(403);
    },
  );

  it('nobody ends the orchestrator without the token', async () => {
    expect((await fetch(url('/faults/crash'), { method: 'POST' })).status).toBe(401);
  });

  it('cancels and places nothing for a page of another site', async () => {
    const headers = { origin: 'http://evil.example', 'content-type': 'text/plain' };
    for (const path of ['/orders', '/orders/ord_1/cancel'])
      expect((await fetch(url(path), { method: 'POST', headers })).status).toBe(403);
  });

  it('faults that an order carries take the token, where there is one', async () => {
    const pid = system.apps.get('payment-service')?.pid ?? 0;
    const baggage = 'baton.fault=payment.process:crash';
    expect((await place(order, { baggage })).status).toBe(401);
    const direct = await fetch(
      `http://127.0.0.1:${system.apps.get('payment-service')?.port}/process`,
      {
        method: 'POST',
        headers: { ...json, baggage, 'idempotency-key': 'ord_direct:pay' },
        body: JSON.stringify({ ...paymentOperations.process.examples.body, orderId: 'ord_direct' }),
      },
    );
    expect(direct.status).toBe(200);
    expect(process.kill(pid, 0)).toBe(true);
    const declined = { ...bearer, baggage: 'baton.fault=payment.process:decline' };
    expect(await (await place(order, declined)).json()).toMatchObject({
      status: 'compensated',
      outcome: { code: 'payment-declined', step: 'pay' },
    });
  });

  const startAll = (env: Record<string, string>) =>
    appNames.map((name) => start(name, { dataDir: join(folder, name), env }).ready);

  it('starts no app for other machines without a token', async () => {
    for (const ready of startAll({ HOST: '0.0.0.0' }))
      await expect(ready).rejects.toThrow(
        /ended with 1: [\s\S]*HOST: .* OPERATOR_TOKEN must be set/,
      );
  });

  it('starts no app in production with faults asked for', async () => {
    for (const ready of startAll({ NODE_ENV: 'production', FAULTS: 'on' }))
      await expect(ready).rejects.toThrow(/ended with 1: [\s\S]*FAULTS: production has no faults/);
  });
});

describe('addresses and prices', () => {
  it('come from configuration and catalogue, whatever a request says', async () => {
    const trap = await startHostileServer();
    const named = `127.0.0.1:${trap.port}`;
    const headers = {
      forwarded: `host=${named}`,
      'x-forwarded-host': named,
      'x-original-url': trap.url,
      baggage: `payment-service=${encodeURIComponent(trap.url)},PAYMENT_SERVICE_URL=${trap.url}`,
      tracestate: `baton=${named}`,
    };
    const answer = await place(order, headers);
    expect(await answer.json()).toMatchObject({
      status: 'completed',
      total: { amountMinor: 2400, currency: 'EUR' },
    });
    for (const target of [`${trap.url}/orders`, `//${named}/orders`, `/${trap.url}`, `/@${named}`])
      await say(`GET ${target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`);
    expect(trap.requests).toEqual([]);
    await trap.close();
  });

  it.each([
    { ...order, total: { amountMinor: 1, currency: 'EUR' } },
    { ...order, lines: [{ sku: 'mug', quantity: 1, price: { amountMinor: 1, currency: 'EUR' } }] },
    { ...order, payment: { ...order.payment, amount: { amountMinor: 1, currency: 'EUR' } } },
    { ...order, callbackUrl: 'http://127.0.0.1:1' },
  ])('cannot be sent along: %j', async (body) => {
    expect((await place(body)).status).toBe(400);
  });
});

describe('files', () => {
  const readModes = () =>
    readdirSync(join(folder, 'data'), { recursive: true }).map((name) => {
      const { mode } = statSync(join(folder, 'data', String(name)));
      return `${name} ${(mode & 0o7777).toString(8)}`;
    });
  const expectPrivate = (): void => {
    const modes = readModes();
    const names = modes.map((line) => line.split(' ')[0]);
    expect(names).toEqual(
      expect.arrayContaining(['orchestrator/journal.sqlite-wal', 'payment-service.sqlite-shm']),
    );
    expect(modes.filter((line) => !/( 600|^\S*orchestrator 700)$/.test(line))).toEqual([]);
    expect(statSync(join(folder, 'data')).mode & 0o777).toBe(0o700);
  };

  it('are their owner’s alone, with all that stands beside them, also after a kill and a start', async () => {
    await fetch(url('/catalog'));
    await fetch(url('/faults/payment.process'), { method: 'DELETE', headers: bearer });
    expectPrivate();
    for (const name of ['orchestrator', 'payment-service'] as const)
      await restart(system, name, join(folder, 'data'));
    expectPrivate();
  });
});

describe('bad input', () => {
  const host = 'Host: localhost\r\nConnection: close\r\n';
  const post = (headers: string, body = '') =>
    `POST /orders HTTP/1.1\r\n${host}${headers}\r\n${body}`;
  const typed = 'Content-Type: application/json\r\n';
  const raw: readonly (readonly [string, string])[] = [
    ['no HTTP', '\u0016\u0003\u0001\u0002\u0000\r\n\r\n'],
    ['a method that nobody knows', `BREW /orders HTTP/1.1\r\n${host}\r\n`],
    ['a zero byte in the path', `GET /\0 HTTP/1.1\r\n${host}\r\n`],
    ['a path out of the root', `GET /docs/../../../etc/passwd HTTP/1.1\r\n${host}\r\n`],
    ['the same, encoded', `GET /docs/%2e%2e%2f%2e%2e%2fetc%2fpasswd HTTP/1.1\r\n${host}\r\n`],
    ['a path that cannot be decoded', `GET /orders/%E0%A4%A HTTP/1.1\r\n${host}\r\n`],
    ['headers too long', `GET /orders HTTP/1.1\r\n${host}X: ${'x'.repeat(70_000)}\r\n\r\n`],
    ['a line folded', `GET /orders HTTP/1.1\r\n${host}X: 1\r\n folded\r\n\r\n`],
    [
      'a length and chunks',
      post(`${typed}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n`, '0\r\n\r\n'),
    ],
    ['two lengths', post(`${typed}Content-Length: 2\r\nContent-Length: 3\r\n`, '{} ')],
    ['a negative length', post(`${typed}Content-Length: -2\r\n`, '{}')],
    ['another encoding', post(`${typed}Content-Encoding: gzip\r\nContent-Length: 2\r\n`, '{}')],
    [
      'another charset',
      post('Content-Type: application/json; charset=utf-16\r\nContent-Length: 2\r\n', '{}'),
    ],
    ['invalid UTF-8', post(`${typed}Content-Length: 20\r\n`, '{"customerId":"\xff\xfe"} ')],
    [
      'two keys',
      post(
        `${typed}Idempotency-Key: a\r\nIdempotency-Key: b\r\nContent-Length: ${JSON.stringify(order).length}\r\n`,
        JSON.stringify(order),
      ),
    ],
    ['a prototype', post(`${typed}Content-Length: 20\r\n`, '{"__proto__":{"x":1}'.padEnd(20))],
  ];
  it.each(raw)(
    '%s is a problem of the sender’s, and the next request works',
    async (_name, bytes) => {
      const { status, answer } = await say(bytes);
      expect(status).toBeGreaterThanOrEqual(400);
      expect(status).toBeLessThan(500);
      expect(answer).toMatch(/^content-type: application\/problem\+json\r$/im);
      expect(answer).not.toMatch(/\n\s+at |node:|node_modules|\/src\//);
      expect((await fetch(url('/health/live'))).status).toBe(200);
    },
  );

  it('half a request gets no answer that could be taken for a decision, and the next one works', async () => {
    const bytes = post(`${typed}Transfer-Encoding: chunked\r\n`, '2\r\n{"\r\nmany\r\n');
    expect((await say(bytes)).answer).toBe('');
    expect((await fetch(url('/health/live'))).status).toBe(200);
  });

  it.each(['', 'X: 1\r\nHost: evil.example\r\n'])(
    'a request with the host %j gets nothing',
    async (line) => {
      const { status } = await say(`GET /orders HTTP/1.1\r\n${line}Connection: close\r\n\r\n`);
      expect(status).toBe(line === '' ? 400 : 421);
    },
  );

  /** Valid but for what chance puts in some place of it. */
  const odd = fc.oneof(
    fc.jsonValue({ maxDepth: 3 }),
    fc.constantFrom(
      -1,
      0,
      1e21,
      1.5,
      '',
      '\u0000',
      '__proto__',
      '../..',
      "' OR 1=1 --",
      '%24%7Bx%7D',
      '😀',
    ),
    fc.string({ unit: 'binary', maxLength: 80 }),
  );
  const nearlyValid = fc
    .record(
      {
        customerId: odd,
        lines: odd,
        payment: odd,
        sku: odd,
        quantity: odd,
        token: odd,
        extra: odd,
      },
      { requiredKeys: [] },
    )
    .map(({ sku = 'mug', quantity = 1, token: card = 'tok_ok', ...rest }) => ({
      customerId: 'ada',
      lines: [{ sku, quantity }],
      payment: { method: 'card', token: card },
      ...rest,
    }));
  const headerText = fc
    .string({ maxLength: 60 })
    .map((line) => line.replaceAll(/[^\x20-\x7e]/g, '').trim());

  it('never fails, never crashes, and stores what is valid only: 300 generated requests', async () => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(nearlyValid, odd), headerText, async (body, header) => {
        const names = ['idempotency-key', 'prefer', 'traceparent', 'baggage'];
        const headers = Object.fromEntries(names.map((name) => [name, header]));
        const answer = await fetch(url('/orders'), {
          method: 'POST',
          headers: { ...json, ...headers },
          body: JSON.stringify(body),
        });
        const said = await answer.text();
        expect([200, 202, 400, 413, 415, 422]).toContain(answer.status);
        if (answer.status >= 400)
          expect(answer.headers.get('content-type')).toBe('application/problem+json');
        expect(said).not.toMatch(/\n\s+at |node:|node_modules/);
      }),
      { numRuns: 300 },
    );
    expect((await place(order)).status).toBe(200);
  });
});
