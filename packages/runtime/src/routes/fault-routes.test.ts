import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { faultableOperations, faultOperations } from '@baton/contracts';
import { openFaultControl } from '@baton/faults';
import { toStandbyOrder } from '@baton/service-kit';
import { createLog } from '@baton/telemetry';
import request from 'supertest';
import { expect, it, onTestFinished } from 'vitest';
import { createStandInOrchestrator } from '../testing/stand-in-orchestrator.ts';

const token = 'a-token-of-some-length';

async function start({ exists = true, operatorToken = undefined as string | undefined } = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'baton-faults-'));
  const file = join(folder, 'faults.json');
  const log = createLog('orchestrator', 'silent');
  const faults = exists ? await openFaultControl({ file, log, operatorToken }) : undefined;
  const { app, stop } = await createStandInOrchestrator({}, { log, faults, operatorToken });
  onTestFinished(async () => {
    await stop();
    rmSync(folder, { recursive: true });
  });
  return { client: request(app), file };
}

const off = (operation: string) => ({ operation, fault: null, hits: null });

it('lists every operation, and what is on, for whom and until when', async () => {
  const { client } = await start();
  const none = await client.get('/faults');
  expect(none.body).toEqual({ faults: faultableOperations.map(off) });
  const until = '2100-01-01T00:00:00.000Z';
  const fault = { kind: 'latency', ms: 800, times: 2, fraction: 0.5, order: 'ord_1', until };
  const set = await client.put('/faults/payment.process').send(fault);
  expect(set.status).toBe(200);
  expect(set.body).toEqual({
    operation: 'payment.process',
    fault,
    hits: `order ord_1, the first 2 attempts, 50 % of attempts, until ${until}`,
  });
  const { body } = await client.get('/faults');
  expect(() => faultOperations.getFaults.replies[200].parse(body)).not.toThrow();
  expect(body.faults.filter((state: { fault: unknown }) => state.fault)).toEqual([set.body]);
});

it('switches one off, and all', async () => {
  const { client } = await start();
  for (const name of ['order.cancel', 'payment.refund', 'payment-alternate.refund'])
    await client.put(`/faults/${name}`).send({ kind: 'reset' });
  expect((await client.delete('/faults/order.cancel')).body).toEqual(off('order.cancel'));
  const left = (await client.get('/faults')).body.faults;
  expect(left.filter((state: { fault: unknown }) => state.fault)).toHaveLength(2);
  const cleared = await client.delete('/faults');
  expect(cleared.body).toEqual({ faults: faultableOperations.map(off) });
});

it.each([
  ['payment.proces', { kind: 'reset' }, 'params.operation'],
  ['payment.process', { kind: 'explode' }, 'body.kind'],
  ['payment.process', {}, 'body.kind'],
  ['payment.process', { kind: 'latency', ms: -1 }, 'body.ms'],
  ['payment.process', { kind: 'status', status: 200 }, 'body.status'],
  ['payment.process', { kind: 'reset', ms: 1 }, 'body.ms'],
  ['payment.process', { kind: 'reset', fraction: 2 }, 'body.fraction'],
  ['payment.process', { kind: 'reset', times: 0 }, 'body.times'],
  ['payment.process', { kind: 'reset', order: 'x' }, 'body.order'],
  ['payment.process', { kind: 'reset', until: 'soon' }, 'body.until'],
])('PUT %s %j is 400 and names %s', async (operation, body, path) => {
  const { client } = await start();
  const answer = await client.put(`/faults/${operation}`).send(body);
  expect(answer.status).toBe(400);
  expect(answer.body.issues.map((issue: { path: string }) => issue.path)).toContain(path);
  expect((await client.get('/faults')).body.faults).toEqual(faultableOperations.map(off));
});

it('says which refusals there are when a decline has another code', async () => {
  const { client } = await start();
  const decline = (code: string) =>
    client.put('/faults/inventory.reserve').send({ kind: 'decline', code });
  const answer = await decline('payment-declined');
  expect(answer.status).toBe(400);
  expect(answer.body.detail).toBe(
    'body.code: inventory.reserve can be declined with out-of-stock, unknown-sku',
  );
  expect((await decline('unknown-sku')).status).toBe(200);
});

it('says that the file is broken, until it is emptied', async () => {
  const { client, file } = await start();
  writeFileSync(file, '{');
  const answers = [
    await client.get('/faults'),
    await client.put('/faults/order.cancel').send({ kind: 'reset' }),
    await client.delete('/faults/order.cancel'),
  ];
  for (const { status, body } of answers) {
    expect(status).toBe(503);
    expect(body.detail).toMatch(/is not JSON; DELETE \/faults empties it$/);
  }
  expect((await client.delete('/faults')).status).toBe(200);
  expect((await client.get('/faults')).status).toBe(200);
});

it('says that a folder is where the file should be, and leaves nothing beside it', async () => {
  const { client, file } = await start();
  mkdirSync(file);
  const answers = [
    await client.get('/faults'),
    await client.put('/faults/order.cancel').send({ kind: 'reset' }),
    await client.delete('/faults/order.cancel'),
    await client.delete('/faults'),
  ];
  for (const { status, body } of answers) {
    expect(status).toBe(503);
    expect(body.detail).toBe(
      `${file} is a folder, and no file of faults; it is to be mended by hand`,
    );
  }
  expect(readdirSync(dirname(file))).toEqual([basename(file)]);
  rmdirSync(file);
  expect((await client.get('/faults')).status).toBe(200);
});

it('asks for the operator’s token, where there is one', async () => {
  const { client } = await start({ operatorToken: token });
  const calls = [
    () => client.get('/faults'),
    () => client.put('/faults/order.cancel').send({ kind: 'reset' }),
    () => client.delete('/faults/order.cancel'),
    () => client.delete('/faults'),
  ];
  for (const call of calls) {
    expect((await call()).status).toBe(401);
    expect((await call().set('authorization', 'Bearer wrong')).status).toBe(401);
    expect((await call().set('authorization', `Bearer ${token}`)).status).toBe(200);
  }
  expect((await client.get('/orders')).status).toBe(200);
});

const order = {
  customerId: 'ada',
  lines: [{ sku: 'mug', quantity: 1 }],
  payment: { method: 'card', token: 'tok_ok' },
};

it('takes an order with faults of its own only with the operator’s token, where there is one', async () => {
  const { client } = await start({ operatorToken: token });
  const place = (headers: Record<string, string>) =>
    client.post('/orders').set(headers).send(order);
  const carried = { baggage: 'a=b,baton.fault=payment.process:crash' };
  const jaegers = { 'uber-trace-id': '1:1:0:1', 'uberctx-baton.fault': 'payment.process:crash' };
  for (const headers of [carried, jaegers]) {
    const { status, body, headers: answered } = await place(headers);
    expect([status, body.code, answered['www-authenticate']]).toEqual([
      401,
      'unauthorized',
      'Bearer',
    ]);
    expect((await place({ ...headers, authorization: 'Bearer wrong' })).status).toBe(401);
    expect((await place({ ...headers, authorization: `Bearer ${token}` })).status).toBe(202);
  }
  expect((await place({ baggage: 'a=b' })).status).toBe(202);
});

it('answers an order whose faults are misspelt, as the command does, and takes no such order', async () => {
  const { client } = await start();
  const place = (baggage: string) => client.post('/orders').set({ baggage }).send(order);
  const { status, body } = await place('baton.fault=payment.proces:reset|order.cancel:explode');
  expect([status, body.code]).toEqual([400, 'bad-request']);
  expect(body.detail).toMatch(
    /^baggage: No operation payment\.proces: there are order\.validate, /,
  );
  expect(body.detail).toContain('; No fault explode: there are latency, ');
  const padding = ['a', 'b', 'c'].map((name) => `${name}=${'d'.repeat(2_000)}`);
  const long = await place(`baton.fault=order.cancel:reset,${padding.join()}`);
  expect([long.status, long.body.detail]).toEqual([
    400,
    'baggage: it is too long, or no header could hold it',
  ]);
  expect((await client.get('/orders')).body.orders).toEqual([]);
  expect((await place('baton.fault=order.cancel:reset')).status).toBe(202);
});

it('has no fault routes where there are no faults, and does not document them', async () => {
  const { client } = await start({ exists: false });
  for (const answer of [
    await client.get('/faults'),
    await client.put('/faults/order.cancel').send({ kind: 'reset' }),
    await client.delete('/faults'),
  ])
    expect([answer.status, answer.body.code]).toEqual([404, 'not-found']);
  expect((await client.get('/openapi.json')).body.paths['/faults']).toBeUndefined();
  const { client: other } = await start();
  expect((await other.get('/openapi.json')).body.paths['/faults'].put).toBeUndefined();
  expect((await other.get('/openapi.json')).body.paths['/faults'].delete).toBeDefined();
});

it('says that there is no standby to kill, and leaves nothing that would kill a later one', async () => {
  const { client, file } = await start();
  const answer = await client.post('/faults/crash/standby');
  expect([answer.status, answer.body.detail]).toEqual([409, 'there is no standby']);
  expect(existsSync(toStandbyOrder(file))).toBe(false);
});
