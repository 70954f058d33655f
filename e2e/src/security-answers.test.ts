/** Hostile participants: whatever one answers, the call ends in time, nothing false is believed, and the next call works. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { paymentOperations } from '@baton/contracts/payment-service';
import { type Client, createClient } from '@baton/service-kit';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { portOf, startFiveApps, stop } from './five-apps.ts';
import {
  type HostileServer,
  type Hostility,
  pouring,
  repeating,
  saying,
  sayingLast,
  startHostileServer,
  toAnswer,
} from './hostile-server.ts';

const ok = JSON.stringify({ orderId: 'ord_1', paymentId: 'pay_1' });
const json = 'Content-Type: application/json';
const head = `HTTP/1.1 200 OK\r\n${json}\r\n`;
const deadlineMs = 500;
/** A busy machine is late; a call without a deadline would be later by far. */
const latenessMs = 60_000;

let server: HostileServer;
let client: Client<typeof paymentOperations>;
beforeEach(async () => {
  server = await startHostileServer();
  client = createClient(paymentOperations, { baseUrl: server.url });
});
afterEach(async () => {
  await client.close();
  await server.close();
});

const pay = (timeoutMs = deadlineMs) =>
  client.process(
    { ...paymentOperations.process.examples.body, orderId: 'ord_1' },
    { key: 'ord_1:pay', number: 1, signal: AbortSignal.timeout(timeoutMs) },
  );

/** By what the caller makes of each: told at once, or only by its own deadline. */
const answers: Readonly<Record<string, readonly (readonly [string, Hostility])[]>> = {
  'timed-out': [
    ['nothing', () => {}],
    ['a status line that drips', repeating('HTTP/1.1 200 O', 'K', 20)],
    ['headers that never end', repeating('HTTP/1.1 200 OK\r\n', 'X: 1\r\n', 20)],
    ['early hints for ever', repeating('', 'HTTP/1.1 103 Early Hints\r\n\r\n', 20)],
    ['a body that drips', repeating(`${head}Content-Length: 9999\r\n\r\n`, ' ', 20)],
    ['chunks that drip', repeating(`${head}Transfer-Encoding: chunked\r\n\r\n`, '1\r\n \r\n', 20)],
    ['a longer length than its body', saying(`${head}Content-Length: 9999\r\n\r\n${ok}`)],
  ],
  'connection-reset': [
    ['half a header', sayingLast('HTTP/1.1 200 OK\r\nContent-')],
    ['half a body', sayingLast(`${head}Content-Length: 9999\r\n\r\n{"orderId"`)],
    ['half a chunk', sayingLast(`${head}Transfer-Encoding: chunked\r\n\r\nff\r\n{`)],
    ['a reset', (socket) => void socket.resetAndDestroy()],
  ],
  'reply-too-large': [
    [
      'a body without an end',
      pouring(`${head}Transfer-Encoding: chunked\r\n\r\n`, `10000\r\n${'x'.repeat(0x1_0000)}\r\n`),
    ],
    ['a length of a terabyte', pouring(`${head}Content-Length: 1099511627776\r\n\r\n`, ok)],
  ],
  'connection-failed': [
    ['two lengths', saying(`${head}Content-Length: 2\r\nContent-Length: 3\r\n\r\n{} `)],
    [
      'a length and chunks',
      saying(`${head}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`),
    ],
  ],
  'malformed-reply': [
    ['no HTTP', saying('\u0016\u0003\u0001 hello\r\n\r\n')],
    ['a negative length', saying(`${head}Content-Length: -1\r\n\r\n${ok}`)],
    ['a chunk of no number', saying(`${head}Transfer-Encoding: chunked\r\n\r\nmany\r\n`)],
    ['a shorter length than its body', saying(`${head}Content-Length: 20\r\n\r\n${ok}`)],
    ['no type', saying(toAnswer(ok, 'X: 1'))],
    ['two types', saying(toAnswer(ok, `Content-Type: text/html\r\n${json}`))],
    ['invalid UTF-8', saying(toAnswer(Buffer.from(ok.replace('pay_1', 'p\u00e4y'), 'latin1')))],
    ['compressed bytes', saying(toAnswer(gzipSync(ok), `${json}\r\nContent-Encoding: gzip`))],
    ['nesting without an end', saying(toAnswer('['.repeat(500_000)))],
    ['a prototype instead of fields', saying(toAnswer(`{"__proto__":${ok}}`))],
    ['no fields', saying(toAnswer('null'))],
  ],
  'wrong-order': [['the answer to another order', saying(toAnswer(ok.replace('ord_1', 'ord_2')))]],
  'status-307': [
    [
      'a redirect',
      saying(`HTTP/1.1 307 Go\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n`),
    ],
  ],
};
const cases = Object.entries(answers).flatMap(([code, all]) =>
  all.map(([name, hostility]) => [name, code, hostility] as const),
);

describe('a call that is answered with', () => {
  it.each(cases)('%s ends unknown as %s, in time, and the next one works', async (...given) => {
    const [, code, hostility] = given;
    server.behave(hostility);
    const startedMs = performance.now();
    const reply = await pay(code === 'timed-out' ? deadlineMs : 10_000);
    expect(reply).toMatchObject({ reply: 'unknown', code });
    expect(performance.now() - startedMs).toBeLessThan(deadlineMs + latenessMs);
    server.behave(saying(toAnswer(ok)));
    expect(await pay(10_000)).toMatchObject({ reply: 'ok' });
    // A connection is kept only where an answer ended: that of the first call may be one.
    await expect.poll(() => server.open.size).toBeLessThanOrEqual(2);
  });
});

it('a body without an end is read no further than its limit', async () => {
  let poured = 0;
  server.behave((socket) => {
    pouring(`${head}Transfer-Encoding: chunked\r\n\r\n`, `400\r\n${'x'.repeat(0x400)}\r\n`)(socket);
    socket.on('close', () => {
      poured = socket.bytesWritten;
    });
  });
  await pay(10_000);
  await expect.poll(() => poured).toBeGreaterThan(0);
  // One megabyte is read; the rest stands in the buffers of the machine's two sockets.
  expect(poured).toBeLessThan(32 * 1024 * 1024);
});

it('headers without an end are read no further than their limit', async () => {
  server.behave(pouring('HTTP/1.1 200 OK\r\n', `X: ${'x'.repeat(1_000)}\r\n`));
  expect(await pay(10_000)).toMatchObject({ reply: 'unknown' });
  await expect.poll(() => server.open.size).toBe(0);
});

it('names that mean something to the language change nothing but the answer they stand in', async () => {
  const body = '{"orderId":"ord_1","paymentId":"pay_1","__proto__":{"owned":1},"constructor":1}';
  server.behave(saying(toAnswer(body, `${json}\r\n__proto__: owned\r\nconstructor: owned`)));
  expect(await pay(10_000)).toMatchObject({ reply: 'ok', output: JSON.parse(ok) });
  expect(Object.hasOwn(Object.prototype, 'owned')).toBe(false);
});

it('a second answer to one request is not taken for the answer to the next', async () => {
  server.behave(saying(toAnswer(ok), toAnswer(ok.replace('pay_1', 'pay_2'))));
  expect(await pay(10_000)).toMatchObject({ output: { paymentId: 'pay_1' } });
  server.behave(saying(toAnswer(ok.replace('pay_1', 'pay_3'))));
  expect(await pay(10_000)).toMatchObject({ output: { paymentId: 'pay_3' } });
});

it('orders end whole though a hostile server stood in for the payment service', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'baton-hostile-'));
  const apps = await startFiveApps(folder);
  onTestFinished(async () => {
    await apps.close();
    rmSync(folder, { recursive: true });
  });
  const port = portOf(apps.serverOf('payment-service'));
  await stop(apps.serverOf('payment-service'));
  const hostile = await startHostileServer(port);
  const quick = cases.filter(([, code]) => code !== 'timed-out');
  hostile.behave((socket) => quick[hostile.requests.length % quick.length]?.[2](socket));
  const order = {
    customerId: 'ada',
    lines: [{ sku: 'mug', quantity: 1 }],
    payment: { method: 'card' as const, token: 'tok_ok' },
  };
  for (let n = 0; n < 10; n++) expect((await apps.client.placeOrder(order)).ok).toBe(true);
  await expect.poll(() => hostile.requests.length, { timeout: 60_000 }).toBeGreaterThan(5);
  await hostile.close();
  const again = apps.services['payment-service'].app.listen(port, '127.0.0.1');
  await expect
    .poll(async () => (await apps.orchestrator.engine.counts()).open, {
      timeout: 60_000,
      interval: 200,
    })
    .toBe(0);
  expect(await apps.client.getAudit()).toMatchObject({ body: { balanced: true } });
  expect(apps.errors).toEqual([]);
  await stop(again);
});
