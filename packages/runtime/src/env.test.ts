import { StartupProblem } from '@baton/service-kit';
import { expect, test } from 'vitest';
import { readOrchestratorEnv } from './env.ts';

const open = { HOST: '0.0.0.0', OPERATOR_TOKEN: 'sixteen-characters' };
const key = 'publickeyv1_w7YHemBctH5Ck2nQRQ47iBBqhNHy4FV7t2Usbye2A6f';

test('handlers that other machines reach are refused without the key of the cluster that may call them', () => {
  const read = (given: object) => readOrchestratorEnv({ ...open, SAGA_HOST: 'restate', ...given });
  expect(() => read({})).toThrow(StartupProblem);
  expect(() => read({})).toThrow(/RESTATE_IDENTITY_KEY/);
  expect(read({ RESTATE_IDENTITY_KEY: key }).RESTATE_IDENTITY_KEY).toBe(key);
  expect(read({ HOST: '127.0.0.1' }).SAGA_HOST).toBe('restate');
  expect(readOrchestratorEnv(open).SAGA_HOST).toBe('embedded');
});

test('handlers that listen on every address are registered under one that was given', () => {
  const restate = { SAGA_HOST: 'restate', RESTATE_IDENTITY_KEY: key };
  const registered = { ...restate, RESTATE_ADMIN_URLS: 'http://10.0.0.1:9070' };
  const read = (given: object) => readOrchestratorEnv({ ...open, ...given });
  for (const HOST of ['0.0.0.0', '::'])
    expect(() => read({ ...registered, HOST })).toThrow(/RESTATE_HANDLERS_URL/);
  const url = 'http://orchestrator:9080';
  expect(read({ ...registered, RESTATE_HANDLERS_URL: url }).RESTATE_HANDLERS_URL).toBe(url);
  expect(read({ ...registered, HOST: '10.0.0.2' }).HOST).toBe('10.0.0.2');
  expect(read(restate).RESTATE_ADMIN_URLS).toBeUndefined();
});

test('a server on this machine is told of the handlers without another setting, and no other one is', () => {
  const find = (given: object) =>
    readOrchestratorEnv({ SAGA_HOST: 'restate', ...given }).RESTATE_ADMIN_URLS;
  const empty = { RESTATE_INGRESS_URLS: '', RESTATE_ADMIN_URLS: '' };
  for (const given of [{}, empty, { HOST: 'localhost' }])
    expect(find(given)).toEqual(['http://127.0.0.1:9070']);
  const admin = 'http://10.0.0.1:9070';
  expect(find({ RESTATE_ADMIN_URLS: admin })).toEqual([admin]);
  expect(find({ RESTATE_INGRESS_URLS: 'http://10.0.0.1:8080' })).toBeUndefined();
  expect(find({ ...open, RESTATE_IDENTITY_KEY: key })).toBeUndefined();
});
