/** Faults in real processes: an order that carries its own, a crash that is one, and production, where there are none. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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
    return { client, place, look };
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
