import { expect, it } from 'vitest';
import { createOtelEnv, Timeout, Whole, Word } from './otel-env.ts';

it('takes an empty variable for one that is unset, and says nothing of it', () => {
  const env = createOtelEnv({ OTEL_A: '', OTEL_B: ' ' });
  expect([env.read('OTEL_A', Whole(0)), env.read('OTEL_B', Whole(0))]).toEqual([
    undefined,
    undefined,
  ]);
  expect(env.listProblems()).toEqual([]);
});

it.each([
  ['0', 0],
  [' 12 ', 12],
  ['2147483647', 2_147_483_647],
])('reads %j as a whole number', (text, value) => {
  expect(createOtelEnv({ OTEL_A: text }).read('OTEL_A', Whole(0))).toBe(value);
});

it.each(['-1', '1.5', '1e3', 'many', '2147483648', '99999999999'])(
  'names %j, which is no whole number, once, and does without it',
  (text) => {
    const env = createOtelEnv({ OTEL_A: text });
    expect([env.read('OTEL_A', Whole(0)), env.read('OTEL_A', Whole(0))]).toEqual([
      undefined,
      undefined,
    ]);
    expect(env.listProblems()).toEqual([
      `OTEL_A must be a whole number from 0 to 2147483647, not "${text}": it counts as unset`,
    ]);
  },
);

it('takes a timeout of 0 for no limit', () => {
  const env = createOtelEnv({ OTEL_A: '0', OTEL_B: '250' });
  expect([env.read('OTEL_A', Timeout), env.read('OTEL_B', Timeout)]).toEqual([2_147_483_647, 250]);
});

it('reads a word in any case, and names one that it does not know', () => {
  const env = createOtelEnv({ OTEL_A: 'GZIP', OTEL_B: 'zip' });
  const Compression = Word(['none', 'gzip']);
  expect([env.read('OTEL_A', Compression), env.read('OTEL_B', Compression)]).toEqual([
    'gzip',
    undefined,
  ]);
  expect(env.listProblems()).toEqual([
    'OTEL_B must be one of none, gzip, not "zip": it counts as unset',
  ]);
});

it('reads a list in its order, each word once, and names those that it does not know', () => {
  const env = createOtelEnv({ OTEL_A: 'b3, Jaeger,b3,,xray', OTEL_B: 'xray' });
  const words = ['jaeger', 'b3'] as const;
  expect([env.readList('OTEL_A', words), env.readList('OTEL_B', words)]).toEqual([
    ['b3', 'jaeger'],
    undefined,
  ]);
  expect(env.listProblems()).toEqual([
    'OTEL_A takes jaeger, b3: "xray" is left out',
    'OTEL_B takes jaeger, b3: "xray" is left out',
  ]);
});

it('names what nothing has read', () => {
  const env = createOtelEnv({ OTEL_LOG_LEVEL: 'debug', OTEL_A: '1', OTEL_EMPTY: '', PORT: '1' });
  env.read('OTEL_A', Whole(0));
  expect(env.listProblems()).toEqual([
    "OTEL_LOG_LEVEL is not supported: at most an SDK or instrumentation of the program's own reads it",
  ]);
});

it.each(['OTEL_EXPORTER_OTLP_HEADERS', 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'])(
  'does not repeat what may be a secret in %s, nor more than a little of anything',
  (name) => {
    const env = createOtelEnv({ [name]: 'a-secret', OTEL_A: 'x'.repeat(1_000) });
    env.read(name, Whole(0));
    env.read('OTEL_A', Whole(0));
    const [first = '', second = ''] = env.listProblems();
    expect(first).toContain(name);
    expect(first).not.toContain('a-secret');
    expect(second.length).toBeLessThan(200);
  },
);
