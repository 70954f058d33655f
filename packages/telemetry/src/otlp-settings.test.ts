import { expect, it } from 'vitest';
import { createOtelEnv } from './otel-env.ts';
import { readExporters, readOtlpSettings, type Signal } from './otlp-settings.ts';

function read(source: Record<string, string>, signal: Signal = 'traces') {
  const env = createOtelEnv(source);
  return { ...readOtlpSettings(env, signal), problems: env.listProblems() };
}

it('has the defaults of the specification', () => {
  expect(read({})).toEqual({
    isAddressed: false,
    url: 'http://localhost:4318/v1/traces',
    protocol: 'http/protobuf',
    headers: {},
    compression: 'none',
    timeoutMs: 10_000,
    tls: {},
    problems: [],
  });
});

it.each([
  ['http://c:4318', 'http://c:4318/v1/logs'],
  ['http://c:4318/', 'http://c:4318/v1/logs'],
  ['https://c/otel//', 'https://c/otel/v1/logs'],
  ['http://c/v1/logs', 'http://c/v1/logs/v1/logs'],
  ['http://c/?key=1', 'http://c/v1/logs?key=1'],
])('sends logs below %s to %s', (address, url) => {
  expect(read({ OTEL_EXPORTER_OTLP_ENDPOINT: address }, 'logs')).toMatchObject({
    isAddressed: true,
    url,
    problems: [],
  });
});

it("takes a signal's own address as it is, whatever the other one", () => {
  const source = {
    OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c:4318',
    OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: 'https://m/in?tenant=a',
  };
  expect(read(source, 'metrics').url).toBe('https://m/in?tenant=a');
  expect(read(source, 'traces').url).toBe('http://c:4318/v1/traces');
});

it.each(['c:4318', 'localhost:4318', 'ftp://c', 'http://', 'http:// x'])(
  'goes on without the address %s, which it does not repeat',
  (address) => {
    expect(read({ OTEL_EXPORTER_OTLP_ENDPOINT: address })).toMatchObject({
      isAddressed: false,
      problems: [
        'OTEL_EXPORTER_OTLP_ENDPOINT must be an http or https address: it counts as unset',
      ],
    });
  },
);

it("prefers a signal's own settings, and joins the headers", () => {
  const all = {
    OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
    OTEL_EXPORTER_OTLP_TIMEOUT: '1000',
    OTEL_EXPORTER_OTLP_COMPRESSION: 'gzip',
    OTEL_EXPORTER_OTLP_HEADERS: 'api-key=a%20b, tenant=shop,',
  };
  const own = {
    OTEL_EXPORTER_OTLP_METRICS_PROTOCOL: 'http/protobuf',
    OTEL_EXPORTER_OTLP_METRICS_TIMEOUT: '2000',
    OTEL_EXPORTER_OTLP_METRICS_COMPRESSION: 'none',
    OTEL_EXPORTER_OTLP_METRICS_HEADERS: 'tenant=other',
  };
  expect(read({ ...all, ...own }, 'metrics')).toMatchObject({
    protocol: 'http/protobuf',
    timeoutMs: 2_000,
    compression: 'none',
    headers: { 'api-key': 'a b', tenant: 'other' },
  });
  expect(read(all, 'metrics')).toMatchObject({
    protocol: 'http/json',
    timeoutMs: 1_000,
    compression: 'gzip',
    headers: { 'api-key': 'a b', tenant: 'shop' },
  });
});

it.each(['api-key', '=x', 'a=%zz', 'a=1,b', 'a b=1', 'a=%0D%0Ax'])(
  'goes on without the headers %j',
  (headers) => {
    const { headers: taken, problems } = read({ OTEL_EXPORTER_OTLP_HEADERS: headers });
    expect(taken).toEqual({});
    expect(problems.join()).toMatch(/^OTEL_EXPORTER_OTLP_HEADERS must be pairs .*counts as unset$/);
  },
);

it('names gRPC, and sends protobuf over HTTP', () => {
  expect(read({ OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' })).toMatchObject({
    protocol: 'http/protobuf',
    problems: [
      'OTEL_EXPORTER_OTLP_PROTOCOL must be one of http/protobuf, http/json, not "grpc": it counts as unset',
    ],
  });
});

it('reads certificates from their files, and names a file that is not there', () => {
  const { tls, problems } = read({
    OTEL_EXPORTER_OTLP_CERTIFICATE: import.meta.filename,
    OTEL_EXPORTER_OTLP_CLIENT_KEY: '/nowhere/key.pem',
  });
  expect(tls.ca?.toString()).toMatch(/^import/);
  expect(tls.key).toBeUndefined();
  expect(problems).toEqual([
    'OTEL_EXPORTER_OTLP_CLIENT_KEY must be a file that can be read, not "/nowhere/key.pem": it counts as unset',
  ]);
});

it.each([
  [{}, undefined],
  [{ OTEL_LOGS_EXPORTER: 'otlp' }, ['otlp']],
  [{ OTEL_LOGS_EXPORTER: 'console,otlp' }, ['otlp', 'console']],
  [{ OTEL_LOGS_EXPORTER: 'none' }, []],
  [{ OTEL_LOGS_EXPORTER: 'otlp,none' }, []],
  [{ OTEL_LOGS_EXPORTER: 'otlp', OTEL_SDK_DISABLED: 'True' }, []],
  [{ OTEL_LOGS_EXPORTER: 'otlp', OTEL_SDK_DISABLED: '1' }, ['otlp']],
  [{ OTEL_LOGS_EXPORTER: 'zipkin' }, undefined],
])('reads from %j the exporters %j', (source, exporters) => {
  expect(readExporters(createOtelEnv(source), 'logs', ['otlp', 'console'])).toEqual(exporters);
});
