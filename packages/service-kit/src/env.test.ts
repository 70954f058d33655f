import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { findFaultsFile, readEnv, readServiceEnv, ServiceUrl } from './env.ts';
import { StartupProblem } from './startup-problem.ts';

const shape = { PAYMENT_URL: ServiceUrl.default('http://127.0.0.1:4003') };
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

  it.each(['http://c:4318?x=1', 'http://c:4318/#f', 'http://u:p@c:4318', 'c:4318', 'ftp://c'])(
    'OTEL_EXPORTER_OTLP_ENDPOINT=%s',
    (endpoint) => {
      const [, line] = linesOf({ OTEL_EXPORTER_OTLP_ENDPOINT: endpoint });
      expect(line).toMatch(/OTEL_EXPORTER_OTLP_ENDPOINT: must /);
    },
  );

  it.each(['-0.1', '1.1', 'all', '1e-3'])('OTEL_TRACES_SAMPLER_ARG=%s', (ratio) => {
    const [, line] = linesOf({ OTEL_TRACES_SAMPLER_ARG: ratio });
    expect(line).toMatch(/OTEL_TRACES_SAMPLER_ARG: must be a ratio from 0 to 1/);
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

it('reads any other shape', () => {
  expect(readEnv({ N: z.string().transform(Number) }, { N: '3', OTHER: 'x' })).toEqual({ N: 3 });
});
