import { expect, it } from 'vitest';
import { findJaeger, isProgram, type Surroundings } from './jaeger-source.ts';

function find(env: NodeJS.ProcessEnv, programs: readonly string[] = [], hasDocker = false) {
  const surroundings: Surroundings = {
    env,
    isProgram: (file) => programs.includes(file),
    hasDocker: async () => hasDocker,
  };
  return findJaeger(surroundings);
}

const everything = {
  OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9318',
  JAEGER_UI_URL: 'http://127.0.0.1:9686',
  JAEGER_BIN: '/opt/jaeger',
  PATH: '/empty::/bin',
};
const programs = ['/opt/jaeger', '/bin/jaeger'];

it('uses the endpoint that is given before anything else', async () => {
  expect(await find(everything, programs, true)).toEqual({
    kind: 'given',
    otlpUrl: 'http://127.0.0.1:9318',
    uiUrl: 'http://127.0.0.1:9686',
  });
});

it('uses the endpoint of traces before that of all signals', async () => {
  const otlpUrl = 'http://127.0.0.1:9319/in';
  const env = { ...everything, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: otlpUrl };
  expect(await find(env)).toMatchObject({ kind: 'given', otlpUrl });
});

it('takes JAEGER_BIN before the PATH, and the PATH before Docker', async () => {
  const env: NodeJS.ProcessEnv = { ...everything, OTEL_EXPORTER_OTLP_ENDPOINT: '' };
  expect(await find(env, programs, true)).toEqual({ kind: 'program', file: '/opt/jaeger' });
  env.JAEGER_BIN = '';
  expect(await find(env, programs, true)).toEqual({ kind: 'program', file: '/bin/jaeger' });
  expect(await find(env, [], true)).toEqual({ kind: 'docker' });
  expect(await find(env)).toEqual({ kind: 'none', why: 'not-found' });
});

it('looks no further when JAEGER_BIN is no program, since that is a mistake', async () => {
  expect(await find({ JAEGER_BIN: '/tmp', PATH: '/bin' }, programs, true)).toEqual({
    kind: 'none',
    why: 'not-a-program',
  });
});

it('finds none when none is asked for', async () => {
  expect(await find({ JAEGER_BIN: 'none', PATH: '/bin' }, programs, true)).toEqual({
    kind: 'none',
    why: 'asked',
  });
});

it('takes only a file that can be run for a program', () => {
  expect(isProgram(process.execPath)).toBe(true);
  expect(isProgram(import.meta.filename)).toBe(false);
  expect(isProgram(import.meta.dirname)).toBe(false);
  expect(isProgram('/no/such/file')).toBe(false);
});
