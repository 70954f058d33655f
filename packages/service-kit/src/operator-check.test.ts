import { operatorOperations } from '@baton/contracts';
import { createLog } from '@baton/telemetry';
import express from 'express';
import request from 'supertest';
import { expect, it, vi } from 'vitest';
import { mount } from './mount.ts';
import { createOperatorCheck } from './operator-check.ts';

const validToken = 'a-token-of-some-length';

function ask(token: string | undefined, authorization?: string, address?: string) {
  const app = express();
  app.use((req, _res, next) => {
    if (address !== undefined)
      Object.defineProperty(req.socket, 'remoteAddress', { value: address });
    next();
  });
  app.use(createOperatorCheck(token));
  app.use((_req, res) => void res.json({ operated: true }));
  const asked = request(app).get('/');
  return authorization === undefined ? asked : asked.set('authorization', authorization);
}

it.each([
  undefined,
  '',
  validToken,
  `Bearer ${validToken}x`,
  `Bearer ${validToken.slice(1)}`,
  `Basic ${validToken}`,
  'Bearer',
])('is told apart from an operator by its token: %j', async (authorization) => {
  const answer = await ask(validToken, authorization);
  expect([answer.status, answer.body.code]).toEqual([401, 'unauthorized']);
  expect(answer.headers['www-authenticate']).toBe('Bearer');
});

it.each([`Bearer ${validToken}`, `bearer ${validToken}`])(
  'may operate with %j',
  async (authorization) => {
    expect((await ask(validToken, authorization, '192.0.2.1')).status).toBe(200);
  },
);

it.each(['127.0.0.1', '127.8.8.8', '::1', '::ffff:127.0.0.1'])(
  'may operate from %s where there is no token',
  async (address) => {
    expect((await ask(undefined, undefined, address)).status).toBe(200);
  },
);

it.each(['192.0.2.1', '::ffff:192.0.2.1', '2001:db8::1', ''])(
  'may not operate from %j where there is no token',
  async (address) => {
    expect((await ask(undefined, `Bearer ${validToken}`, address)).status).toBe(401);
  },
);

it('stands before all that is for operators, or nothing of it is mounted', () => {
  const log = createLog('orchestrator', 'silent');
  const handlers = { retryOrder: vi.fn(), skipStep: vi.fn() };
  expect(() => mount(express.Router(), operatorOperations, { log })(handlers)).toThrow(
    'orchestrator.retry-order needs an operator check',
  );
});
