/** What nobody may see: the card's token, personal data, and the texts of errors. Looked for wherever something is shown or kept. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { listedParticipants, mapParticipants } from '@baton/contracts';
import { createOrchestrator, createPlaceOrder } from '@baton/orchestrator';
import { createParticipants, narrate } from '@baton/runtime';
import { openJournal } from '@baton/saga';
import { createLog, createMetrics } from '@baton/telemetry';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { portOf, stop } from './five-apps.ts';
import { findProgram } from './programs.ts';
import { closeServices, openServices, type Services } from './services.ts';

const customerId = 'ada@lovelace.example';
const token = 'tok_seen_by_nobody';
/** What a participant's error would say. */
const innards = 'SQLITE_ERROR at /srv/payments/src/charge.ts:17';

let folder: string;
let services: Services;
let servers: Server[];
let logged: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'baton-secrets-'));
  services = openServices(folder, Date.now);
  servers = [];
  logged = '';
});
afterEach(async () => {
  await Promise.all(servers.map(stop));
  closeServices(services);
  rmSync(folder, { recursive: true });
});

async function serve(app: RequestListener): Promise<string> {
  const server = createServer(app);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${portOf(server)}`;
}

const log = (name: string) =>
  createLog(name, 'trace', {
    write: (line) => {
      logged += line;
    },
  });

/** The orchestrator, and payments done by `pay`, both saying in their logs all that they ever say. */
async function start(pay: RequestListener) {
  const urls = await Promise.all(
    listedParticipants.map(async ({ name, program }) => {
      const app = program === 'payment-service' ? pay : services[name].app;
      return [name, await serve(app)] as const;
    }),
  );
  const served = new Map(urls);
  const participants = createParticipants(mapParticipants(({ name }) => served.get(name) ?? ''));
  const orchestrator = await createOrchestrator({
    journal: await openJournal({ path: join(folder, 'orchestrator', 'journal.sqlite') }),
    participants,
    log: log('orchestrator'),
    metrics: createMetrics('orchestrator'),
  });
  return { orchestrator, participants, url: await serve(orchestrator.app) };
}
type Started = Awaited<ReturnType<typeof start>>;

const place = (url: string, change: object = {}) =>
  fetch(`${url}/orders`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', prefer: 'wait=20' },
    body: JSON.stringify({
      customerId,
      lines: [{ sku: 'mug', quantity: 1 }],
      payment: { method: 'card', token },
      ...change,
    }),
  }).then((answer) => answer.text());

/** All that anybody is shown of an order. */
async function readShown(
  { orchestrator, participants, url }: Started,
  orderId: string,
): Promise<string> {
  const paths = [`/orders/${orderId}`, '/orders', '/audit', '/alerts', '/metrics', '/health/ready'];
  const pages = await Promise.all(paths.map(async (path) => (await fetch(url + path)).text()));
  const abort = new AbortController();
  const stream = await fetch(`${url}/orders/${orderId}/events`, { signal: abort.signal });
  for await (const chunk of stream.body ?? []) {
    pages.push(new TextDecoder().decode(chunk));
    if (/event: (completed|compensated)/.test(pages.join(''))) break;
  }
  abort.abort();
  const run = await orchestrator.engine.read(orderId);
  return [
    ...pages,
    run ? narrate(run, createPlaceOrder(participants), Date.now()).join('\n') : 'no run',
    logged,
  ].join('\n');
}

const readFiles = (only: RegExp): string =>
  readdirSync(folder, { recursive: true })
    .map(String)
    .filter((name) => only.test(name))
    .map((name) => readFileSync(join(folder, name), 'latin1'))
    .join('');

const idOf = (answer: string): string => String(JSON.parse(answer).orderId);

it('shows no token and no customer, and keeps no token once the order has settled', async () => {
  const payments = findProgram({ program: 'payment-service' }).createService({
    path: join(folder, 'payments-told.sqlite'),
    log: log('payment-service'),
    metrics: createMetrics('payment-service'),
  });
  const started = await start(payments.app);
  const declined = await place(started.url);
  expect(JSON.parse(declined)).toMatchObject({ outcome: { code: 'payment-declined' } });
  const shown = declined + (await readShown(started, idOf(declined)));
  expect(shown).toContain('payment-declined');
  expect(shown).not.toContain(token);
  expect(shown).not.toContain(customerId);
  // The process still runs: what is gone is gone from its log as well.
  await expect
    .poll(() => readFiles(/sqlite/).includes(token), { timeout: 60_000, interval: 200 })
    .toBe(false);
  expect(readFiles(/journal\.sqlite/)).toContain(idOf(declined));
  await started.orchestrator.stop();
  payments.close();
});

it('sends nothing back of what was wrong with a request', async () => {
  const started = await start(services['payment-service'].app);
  const card = '4111 1111 1111 1111';
  const answers = [
    await place(started.url, { payment: { method: 'card', token: card } }),
    await place(started.url, { payment: { method: card, token } }),
    await place(started.url, { payment: { method: 'card', token, cvc: card } }),
    await place(started.url, { customerId: card }),
    await place(started.url, { lines: card }),
  ];
  expect(answers.map((answer) => JSON.parse(answer).code)).toEqual(Array(5).fill('bad-request'));
  expect(answers.join() + logged).not.toMatch(/4111|tok_seen/);
  await started.orchestrator.stop();
});

it('keeps and shows no text of a participant’s errors, only codes of our own', async () => {
  const started = await start((request, response) => {
    if (request.url === '/refund') {
      const orderId = String(request.headers['idempotency-key']).split(':')[0];
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ orderId, secret: innards }));
      return;
    }
    response.writeHead(422, { 'content-type': 'application/problem+json', 'x-error': innards });
    const problem = { type: innards, title: innards, status: 422, code: 'broken', detail: innards };
    response.end(JSON.stringify({ ...problem, stack: innards, token, customerId }));
  });
  const answer = await place(started.url);
  const shown = answer + (await readShown(started, idOf(answer)));
  expect(shown).toContain('status-422');
  expect(shown).not.toMatch(/SQLITE_ERROR|charge\.ts|\n\s+at /);
  expect(shown).not.toContain(customerId);
  await started.orchestrator.stop();
  expect(readFiles(/journal\.sqlite/)).toContain('status-422');
  expect(readFiles(/journal\.sqlite/)).not.toMatch(/SQLITE_ERROR|charge\.ts/);
});
