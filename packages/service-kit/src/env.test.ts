import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { blockedPorts, CalledUrl, ServiceUrl } from './address.ts';
import { findFaultsFile, readEnv, readServiceEnv } from './env.ts';
import { StartupProblem } from './startup-problem.ts';

const shape = {
  PAYMENT_URL: ServiceUrl.default('http://127.0.0.1:4003'),
  WEBHOOK_URL: CalledUrl.optional(),
};
const read = (source: Record<string, string>) => readServiceEnv({ port: 4002, shape }, source);
function linesOf(source: Record<string, string>): readonly string[] {
  try {
    read(source);
  } catch (error) {
    if (error instanceof StartupProblem) return error.lines;
  }
  return [];
}
const validToken = 'sixteen-characters';

it('has a default for everything', () => {
  const env = read({});
  expect(env).toMatchObject({
    PORT: 4002,
    HOST: '127.0.0.1',
    LOG_LEVEL: 'info',
    NODE_ENV: 'development',
    ALLOWED_HOSTS: [],
    PAYMENT_URL: 'http://127.0.0.1:4003',
  });
  expect(env.DATA_DIR).toMatch(/\/\.data$/);
  expect(env.OPERATOR_TOKEN).toBeUndefined();
});

it('takes an empty value for none', () => {
  expect(read({ PORT: '', HOST: '', OPERATOR_TOKEN: '' })).toMatchObject({
    PORT: 4002,
    HOST: '127.0.0.1',
  });
});

it('reads port 0 and a list of hosts', () => {
  const env = read({ PORT: '0', ALLOWED_HOSTS: 'payment, baton.test ,' });
  expect(env).toMatchObject({ PORT: 0, ALLOWED_HOSTS: ['payment', 'baton.test'] });
});

describe('problems', () => {
  it.each(['-1', '65536', '1e3', 'http', '80.5', ' 80', '0x50'])('PORT=%j', (port) => {
    expect(linesOf({ PORT: port })).toEqual([
      'The environment cannot be used:',
      '  PORT: must be a whole number from 0 to 65535 (for example PORT=4002)',
    ]);
  });

  const base = 'http://127.0.0.1:4003';
  it.each([
    ['PAYMENT_URL', `${base}/?tenant=a`, 'no query'],
    ['PAYMENT_URL', `${base}/api?`, 'no query'],
    ['PAYMENT_URL', `${base}/#a`, 'no fragment'],
    ['PAYMENT_URL', `${base}/#`, 'no fragment'],
    ['PAYMENT_URL', 'http://user:pass@127.0.0.1:4003', 'no user or password'],
    ['PAYMENT_URL', 'http://user@127.0.0.1:4003', 'no user or password'],
    ['PAYMENT_URL', 'http://127.0.0.1:6000', 'another port'],
    ['PAYMENT_URL', 'http://127.0.0.1:0', 'another port'],
    ['PAYMENT_URL', 'http://127.0.0.1:99999', 'an http or https address'],
    ['PAYMENT_URL', '127.0.0.1:4003', 'an http or https address'],
    ['WEBHOOK_URL', 'https://user:pass@alerts.example.com', 'no user or password'],
    ['WEBHOOK_URL', 'https://alerts.example.com/#a', 'no fragment'],
    ['WEBHOOK_URL', 'https://alerts.example.com:10080/', 'another port'],
    ['PORT', '6000', 'another'],
    ['HOST', 'http://127.0.0.1', 'an address or a name'],
    ['HOST', '127.0.0.1:4000', 'an address or a name'],
    ['HOST', '[::1]', 'an address or a name'],
    ['HOST', 'a b', 'an address or a name'],
    ['ALLOWED_HOSTS', 'localhost,shop.example.com:4000', 'names or addresses'],
    ['ALLOWED_HOSTS', 'https://shop.example.com', 'names or addresses'],
    ['ALLOWED_HOSTS', '*.example.com', 'names or addresses'],
  ])('%s=%s can never work', (name, address, expected) => {
    const lines = linesOf({ [name]: address, OPERATOR_TOKEN: validToken });
    expect(lines).toHaveLength(2);
    expect(lines[1]).toMatch(new RegExp(`^  ${name}: must (have|be) ${expected}`));
  });

  it.each([
    ['PAYMENT_URL', 'https://payment_service.internal/base/path/'],
    ['PAYMENT_URL', 'http://[::1]:4003'],
    ['WEBHOOK_URL', 'https://alerts.example.com/baton?secret=a'],
    ['HOST', 'payment-1.internal'],
    ['ALLOWED_HOSTS', 'localhost,[::1],::1,shop.example.com,10.0.0.1'],
  ])('%s=%s may work', (name, address) => {
    expect(linesOf({ [name]: address, OPERATOR_TOKEN: validToken })).toEqual([]);
  });

  it('names every port that fetch refuses', async () => {
    const causes = [...blockedPorts].map((port) =>
      fetch(`http://127.0.0.1:${port}`).then(
        () => 'answered',
        (error) => [port, error.cause?.message],
      ),
    );
    expect(await Promise.all(causes)).toEqual(
      // Node's fetch calls port 0, where nothing can listen.
      [...blockedPorts].map((port) => [port, port === 0 ? expect.anything() : 'bad port']),
    );
  });

  it.each(['0.0.0.0', '::', '192.168.1.5', 'example.test'])(
    'HOST=%s needs a token, and starts with one',
    (host) => {
      expect(linesOf({ HOST: host }).join('\n')).toMatch(/HOST: .* OPERATOR_TOKEN must be set/);
      expect(read({ HOST: host, OPERATOR_TOKEN: validToken }).HOST).toBe(host);
    },
  );

  it.each(['127.0.0.1', '::1', 'localhost'])('HOST=%s needs no token', (host) => {
    expect(linesOf({ HOST: host })).toEqual([]);
  });

  it.each(['FAULTS=on', 'FAULTS_FILE=faults.json'])('%s is refused in production', (asked) => {
    const [name = '', value = ''] = asked.split('=');
    expect(linesOf({ [name]: value })).toEqual([]);
    expect(linesOf({ NODE_ENV: 'production', [name]: value })).toEqual([
      'The environment cannot be used:',
      `  ${name}: production has no faults; unset it, or NODE_ENV=production`,
    ]);
    expect(linesOf({ NODE_ENV: 'production', FAULTS: 'off' })).toEqual([]);
  });

  it('are all told together, and no value with them', () => {
    const lines = linesOf({
      PORT: 'x',
      OPERATOR_TOKEN: 'short-secret',
      NODE_ENV: 'staging',
      PAYMENT_URL: 'javascript:1',
      HOST: '0.0.0.0',
    });
    expect(lines.slice(1).map((line) => line.trim().split(':')[0])).toEqual([
      'PORT',
      'OPERATOR_TOKEN',
      'NODE_ENV',
      'PAYMENT_URL',
    ]);
    expect(lines.join('\n')).not.toContain('short-secret');
  });
});

it('looks for faults beside the data, and nowhere in production or when they are off', () => {
  const find = (source: Record<string, string>) => findFaultsFile(read(source));
  expect(find({ DATA_DIR: '/data' })).toBe('/data/faults.json');
  expect(find({ DATA_DIR: '/data', FAULTS_FILE: '/etc/faults.json' })).toBe('/etc/faults.json');
  expect(find({ NODE_ENV: 'production' })).toBeUndefined();
  expect(find({ FAULTS: 'off', FAULTS_FILE: '/etc/faults.json' })).toBeUndefined();
});

it.each(['0.0.0.0', '::', '192.168.1.5', 'example.test'])(
  'HOST=%s has no faults unless they are asked for by name',
  (HOST) => {
    const open = { DATA_DIR: '/data', HOST, OPERATOR_TOKEN: validToken };
    const find = (source: Record<string, string>) => findFaultsFile(read({ ...open, ...source }));
    expect(find({})).toBeUndefined();
    expect(find({ FAULTS: 'on' })).toBe('/data/faults.json');
    expect(find({ FAULTS_FILE: '/etc/faults.json' })).toBe('/etc/faults.json');
  },
);

it('reads any other shape', () => {
  expect(readEnv({ N: z.string().transform(Number) }, { N: '3', OTHER: 'x' })).toEqual({ N: 3 });
});
