/** Faults in real processes: an order that carries its own, a crash that is one, and production, where there are none. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { listedParticipants } from '@baton/contracts';
import { paymentOperations } from '@baton/contracts/payment-service';
import { createClient, createOrchestratorClient } from '@baton/service-kit';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { orderPlan } from './order-plan.ts';
import {
  type App,
  type AppName,
  appNames,
  restart,
  type System,
  start,
  startSystem,
} from './processes.ts';

const order = {
  customerId: 'ada',
  lines: [{ sku: 'mug', quantity: 2 }],
  payment: { method: 'card', token: 'tok_ok' },
} as const;

const createFolder = () => mkdtempSync(join(tmpdir(), 'baton-faults-'));

describe('an order that carries its faults', () => {
  const folder = createFolder();
  let system: System;
  beforeAll(async () => {
    system = await startSystem(folder);
  });
  afterAll(async () => {
    await system.stop();
    rmSync(folder, { recursive: true });
  });

  const connect = () => {
    const baseUrl = `http://127.0.0.1:${system.apps.get('orchestrator')?.port}`;
    const client = createOrchestratorClient({ baseUrl });
    onTestFinished(() => client.close());
    const place = async (baggage?: string, waitSeconds = 20) => {
      const placed = await client.placeOrder(order, { waitSeconds, ...(baggage && { baggage }) });
      if (!placed.ok) throw new Error(placed.code);
      return placed.body.orderId;
    };
    const look = async (orderId: string) => {
      const found = await client.getOrder(orderId);
      if (!found.ok) throw new Error(found.code);
      return found.body;
    };
    return { baseUrl, client, place, look };
  };

  it('is broken on its way, also on the way back, and no other order is', async () => {
    const { client, place, look } = connect();
    const faults = [
      'inventory.reserve:lost-reply:times=1',
      'payment.process:decline',
      'inventory.release:status:times=1',
      'order.cancel:lost-reply:times=1',
    ];
    const [broken, whole] = await Promise.all([
      place(`baton.fault=${faults.join('|')}`),
      place('tenant=a'),
    ]);
    const { status, outcome, steps } = await look(broken);
    expect([status, outcome]).toEqual(['compensated', { code: 'payment-declined', step: 'pay' }]);
    const replies = Object.fromEntries(
      steps.map(({ name, attempts }) => [name, attempts.map((a) => `${a.direction} ${a.reply}`)]),
    );
    expect(replies).toMatchObject({
      validate: ['forward ok', 'undo unknown', 'undo ok'],
      reserve: ['forward unknown', 'forward ok', 'undo unknown', 'undo ok'],
      pay: ['forward refused'],
    });
    const other = await look(whole);
    expect(other.status).toBe('completed');
    expect(other.steps.map(({ attempts }) => attempts.length)).toEqual(orderPlan.map(() => 1));
    expect(await client.getAudit()).toMatchObject({ body: { balanced: true, openOrders: 0 } });
  });

  it('opens no breaker with one or two like it: no other order is held up or degraded', async () => {
    const { baseUrl, place, look } = connect();
    const faults = [
      'inventory.reserve:hang',
      ...Array(2).fill('payment.process:reset'),
      ...Array(2).fill('notification.notify:reset'),
    ];
    const broken = await Promise.all(faults.map((fault) => place(`baton.fault=${fault}`, 0)));
    // Of each participant five calls have failed then, by one order or by two.
    const wanted = { reserve: 5, pay: 6, notify: 6 };
    const countFailed = async (step: string) => {
      const steps = (await Promise.all(broken.map(look))).flatMap((view) => view.steps);
      const tries = steps.filter(({ name }) => name === step).flatMap(({ attempts }) => attempts);
      return tries.filter(({ reply }) => reply === 'unknown').length;
    };
    for (const [step, count] of Object.entries(wanted))
      await expect
        .poll(() => countFailed(step), { timeout: 60_000, interval: 100 })
        .toBeGreaterThanOrEqual(count);
    const others = await Promise.all(orderPlan.map(async () => look(await place())));
    const seen = others.map(({ status, degraded, steps }) => [
      status,
      degraded,
      steps.map(({ attempts }) => attempts.length),
    ]);
    const whole = ['completed', [], orderPlan.map(() => 1)];
    expect(seen).toEqual(others.map(() => whole));
    const participants = await (await fetch(new URL('/participants', baseUrl))).text();
    expect(new Set(participants.match(/"openings":\d+/g))).toEqual(new Set(['"openings":0']));
  });

  it('is paid once, though the payment service died between its commit and its answer', async () => {
    const { client, place, look } = connect();
    const pid = system.apps.get('payment-service')?.pid ?? 0;
    const orderId = await place('baton.fault=payment.process:crash:when=after:times=1', 0);
    await expect.poll(() => isAlive(pid), { timeout: 60_000, interval: 20 }).toBe(false);
    await restart(system, 'payment-service', folder);
    await expect
      .poll(async () => (await look(orderId)).status, { timeout: 60_000 })
      .toBe('completed');
    const pay = (await look(orderId)).steps.find(({ name }) => name === 'pay');
    expect(pay?.attempts[0]).toMatchObject({ reply: 'unknown', code: 'connection-reset' });
    expect(await client.getAudit()).toMatchObject({ body: { balanced: true, openOrders: 0 } });
  });
});

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

describe('an operator who kills a participant', () => {
  const folder = createFolder();
  const token = 'a-token-of-some-length';
  let system: System;
  beforeAll(async () => {
    const env = { OPERATOR_TOKEN: token };
    system = await startSystem(folder, env, env);
  });
  afterAll(async () => {
    await system.stop();
    rmSync(folder, { recursive: true });
  });

  const ask = (name: AppName, headers: Readonly<Record<string, string>>) =>
    fetch(`http://127.0.0.1:${system.apps.get('orchestrator')?.port}/faults/crash/${name}`, {
      method: 'POST',
      headers,
    });
  const asOperator = { authorization: `Bearer ${token}` };

  it.each(listedParticipants.map(({ name }) => name))(
    'ends %s, and hears when it serves again',
    async (name) => {
      const { pid = 0, port = 0 } = system.apps.get(name) ?? {};
      expect((await ask(name, {})).status).toBe(401);
      expect(isAlive(pid)).toBe(true);
      const asked = ask(name, asOperator);
      await expect.poll(() => isAlive(pid), { timeout: 60_000, interval: 5 }).toBe(false);
      const env = { OPERATOR_TOKEN: token };
      system.apps.set(name, await start(name, { dataDir: folder, port, env }).ready);
      const answer = await asked;
      expect([answer.status, await answer.json()]).toEqual([
        200,
        { servedAgainAfterMs: expect.any(Number) },
      ]);
    },
  );

  it('refuses what another site’s page asks for, and lets live what takes no faults', async () => {
    const strange = { ...asOperator, 'sec-fetch-site': 'cross-site' };
    expect((await ask('order-service', strange)).status).toBe(403);
    const { port = 0 } = system.apps.get('inventory-service') ?? {};
    await system.apps.get('inventory-service')?.kill();
    const env = { FAULTS: 'off' };
    const app = await start('inventory-service', { dataDir: folder, port, env }).ready;
    system.apps.set('inventory-service', app);
    const answer = await ask('inventory-service', asOperator);
    expect([answer.status, await answer.json()]).toMatchObject([
      409,
      { code: 'not-killed', detail: 'inventory-service was not killed: status-400' },
    ]);
    await app.kill();
    const gone = await ask('inventory-service', asOperator);
    expect(await gone.json()).toMatchObject({
      detail: 'inventory-service was not killed: connection-refused',
    });
  });
});

/** Writes the address of every module that the process loads. */
const recorder = `--import=data:text/javascript,${encodeURIComponent(`
  import { appendFileSync } from 'node:fs';
  import { registerHooks } from 'node:module';
  registerHooks({ load(url, context, next) {
    appendFileSync(process.env.LOADED_FILE, url + '\\n');
    return next(url, context);
  } });`)}`;

describe('production', () => {
  const folder = createFolder();
  const env = { NODE_ENV: 'production', NODE_OPTIONS: recorder };
  const running: App[] = [];
  afterAll(async () => {
    await Promise.all(running.map((app) => app.kill()));
    rmSync(folder, { recursive: true });
  });

  const run = async (name: AppName, more: Readonly<Record<string, string>>) => {
    const dataDir = join(folder, `${name}-${more.NODE_ENV}`);
    const loadedFile = `${dataDir}.txt`;
    const app = await start(name, { dataDir, env: { ...more, LOADED_FILE: loadedFile } }).ready;
    running.push(app);
    const loaded = readFileSync(loadedFile, 'utf8').split('\n');
    return loaded.filter((url) => /\/packages\/faults\/|\/@openfeature\//.test(url));
  };
  const toUrl = (name: AppName) =>
    `http://127.0.0.1:${running.find((app) => app.name === name)?.port}`;

  it('loads nothing of the faults, where development does', async () => {
    const loaded = await Promise.all(appNames.map((name) => run(name, env)));
    expect(loaded).toEqual(appNames.map(() => []));
    const inDevelopment = await run('notification-service', { ...env, NODE_ENV: 'development' });
    expect(inDevelopment).not.toEqual([]);
  });

  it('does not read the faults that an order carries, and has no routes for them', async () => {
    const client = createClient(paymentOperations, { baseUrl: toUrl('payment-service') });
    onTestFinished(() => client.close());
    const body = { ...paymentOperations.process.examples.body, orderId: 'ord_1' };
    const reply = await client.process(body, {
      key: 'ord_1:pay',
      number: 1,
      signal: AbortSignal.timeout(60_000),
      context: { baggage: 'baton.fault=payment.process:reset' },
    });
    expect(reply).toMatchObject({ reply: 'ok' });
    expect((await fetch(`${toUrl('orchestrator')}/faults`)).status).toBe(404);
  });

  it.each([
    ['payment-service', 'FAULTS', 'on'],
    ['orchestrator', 'FAULTS_FILE', 'faults.json'],
  ] as const)('%s does not start when %s=%s asks for faults', async (name, variable, value) => {
    const asked = { NODE_ENV: 'production', [variable]: value };
    const { ready } = start(name, { dataDir: join(folder, 'refused'), env: asked });
    await expect(ready).rejects.toThrow(
      `ended with 1: The environment cannot be used:\n  ${variable}: production has no faults; unset it, or NODE_ENV=production\n`,
    );
  });
});
