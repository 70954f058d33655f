/** Each variable of OpenTelemetry that docs/settings.md has, and what a collector sees of it. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { propagation, trace } from '@opentelemetry/api';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { TracerProvider } from '@opentelemetry/sdk-trace';
import { afterAll, beforeEach, expect, it, onTestFinished, vi } from 'vitest';
import { createLog } from './log.ts';
import { createOtelEnv } from './otel-env.ts';
import { createCertificate } from './testing/certificates.ts';
import { type RecordingOptions, startRecordingCollector } from './testing/recording-collector.ts';
import { readSentSpans } from './testing/sent-spans.ts';
import type { Tracing } from './tracing.ts';

type Source = Readonly<Record<string, string>>;

const folder = mkdtempSync(join(tmpdir(), 'baton-otel-'));
const collectors = createCertificate(folder, 'collector');
const own = createCertificate(folder, 'shop');
afterAll(() => rmSync(folder, { recursive: true }));

/** A process has one of each: every case stands for a process of its own. */
beforeEach(() => {
  vi.resetModules();
  trace.disable();
  propagation.disable();
});

const page = readFileSync(join(import.meta.dirname, '../../../docs/settings.md'), 'utf8');
const [, section = ''] = page.split('\n## OpenTelemetry\n');
const documented = [...(section.split('\n## ')[0] ?? '').matchAll(/`(OTEL_\w+)`/g)].map(
  ([, name = '']) => name,
);

/** How long a closing waits is not what is tested here: on a busy machine it would end before its spans have left. */
vi.mock(import('node:timers/promises'), async (importOriginal) => {
  const actual = await importOriginal();
  const slowly: typeof actual.setTimeout = (ms = 0, ...rest) => actual.setTimeout(ms * 40, ...rest);
  return { ...actual, setTimeout: slowly };
});

async function open(source: Source, options: RecordingOptions = {}) {
  const { openTracing } = await import('./open-tracing.ts');
  const collector = await startRecordingCollector(options);
  onTestFinished(() => collector.close());
  const lines: string[] = [];
  const log = createLog('shop', 'info', { write: (line) => void lines.push(line) });
  const env = createOtelEnv({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.address, ...source });
  const tracing = await openTracing({ env, service: 'shop', log });
  return { collector, tracing, env, lines };
}

type Open = Awaited<ReturnType<typeof open>>;

const readSpans = ({ collector: { recorded } }: Open) =>
  recorded.flatMap(({ body, headers }) => readSentSpans(body, headers['content-type']));

const traceId = 'a'.repeat(32);
const spanId = 'b'.repeat(16);
const traceparent = `00-${traceId}-${spanId}-01`;

/** A participant's own code, with the API alone. */
function work(name = 'work'): void {
  const link = { context: { traceId, spanId, traceFlags: 1 }, attributes: { a: 1, b: 2 } };
  const span = trace
    .getTracer('user')
    .startSpan(name, { attributes: { a: 'long', b: 'longer' }, links: [link, link] });
  span.addEvent('one', { a: 1, b: 2 }).addEvent('two', { a: 1, b: 2 }).end();
}

async function send(source: Source, options: RecordingOptions = {}) {
  const opened = await open(source, options);
  work();
  await opened.tracing?.close();
  return { ...opened, spans: readSpans(opened), problems: opened.env.listProblems() };
}

type Seen = Awaited<ReturnType<typeof send>>;
interface Case {
  readonly source: Source;
  readonly options?: RecordingOptions;
  readonly check: (seen: Seen) => void;
}

const first = ({ collector }: Seen) => collector.recorded[0];
const attributes = ({ spans }: Seen) => spans[0]?.attributes;
function isNothing({ collector, problems }: Seen): void {
  expect(collector.recorded).toEqual([]);
  expect(problems).toEqual([]);
}
function isSent({ spans, problems }: Seen): void {
  expect(spans).toHaveLength(1);
  expect(problems).toEqual([]);
}
const isHeld = (span: object) => (seen: Seen) => {
  expect(seen.spans).toMatchObject([span]);
  expect(seen.problems).toEqual([]);
};
const https = { tls: collectors } as const;
const trusted = { OTEL_EXPORTER_OTLP_CERTIFICATE: collectors.certPath };

const cases: readonly Case[] = [
  {
    source: {},
    check: (seen) => {
      isSent(seen);
      expect(seen.spans[0]?.resource).toMatchObject({ 'service.name': 'shop' });
      expect(first(seen)).toMatchObject({
        url: '/v1/traces',
        headers: { 'content-type': 'application/x-protobuf' },
      });
      expect(first(seen)?.headers['content-encoding']).toBeUndefined();
    },
  },
  { source: { OTEL_SDK_DISABLED: 'true' }, check: isNothing },
  { source: { OTEL_TRACES_EXPORTER: 'none' }, check: isNothing },
  { source: { OTEL_TRACES_EXPORTER: 'otlp' }, check: isSent },
  {
    source: { OTEL_SERVICE_NAME: 'till', OTEL_RESOURCE_ATTRIBUTES: 'service.name=x,team=a%2Cb' },
    check: isHeld({ resource: { 'service.name': 'till', team: 'a,b' } }),
  },
  {
    source: { OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' },
    check: (seen) => {
      isSent(seen);
      expect(first(seen)?.headers['content-type']).toBe('application/json');
    },
  },
  {
    source: { OTEL_EXPORTER_OTLP_HEADERS: 'api-key=a%20b,tenant=shop' },
    check: (seen) =>
      expect(first(seen)?.headers).toMatchObject({ 'api-key': 'a b', tenant: 'shop' }),
  },
  {
    source: { OTEL_EXPORTER_OTLP_COMPRESSION: 'gzip' },
    check: (seen) => {
      isSent(seen);
      expect(first(seen)?.headers['content-encoding']).toBe('gzip');
    },
  },
  { source: trusted, options: https, check: isSent },
  {
    source: {},
    options: https,
    check: ({ collector, lines }) => {
      expect(collector.recorded).toEqual([]);
      expect(lines.join()).toContain('DEPTH_ZERO_SELF_SIGNED_CERT');
    },
  },
  {
    source: {
      ...trusted,
      OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE: own.certPath,
      OTEL_EXPORTER_OTLP_CLIENT_KEY: own.keyPath,
    },
    options: { tls: { ...collectors, ca: own.cert } },
    check: isSent,
  },
  {
    source: trusted,
    options: { tls: { ...collectors, ca: own.cert } },
    check: ({ collector }) => expect(collector.recorded).toEqual([]),
  },
  { source: { OTEL_TRACES_SAMPLER: 'always_off' }, check: isNothing },
  {
    source: { OTEL_TRACES_SAMPLER: 'traceidratio', OTEL_TRACES_SAMPLER_ARG: '0' },
    check: isNothing,
  },
  {
    source: { OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT: '1', OTEL_ATTRIBUTE_COUNT_LIMIT: '2' },
    check: (seen) => expect(attributes(seen)).toEqual({ a: 'long' }),
  },
  {
    source: { OTEL_ATTRIBUTE_COUNT_LIMIT: '1' },
    check: (seen) => expect(attributes(seen)).toEqual({ a: 'long' }),
  },
  {
    source: { OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT: '5' },
    check: isHeld({ attributes: { a: 'long', b: 'longe' } }),
  },
  {
    source: { OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT: '3', OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT: '5' },
    check: isHeld({ attributes: { a: 'lon', b: 'lon' } }),
  },
  {
    source: { OTEL_SPAN_EVENT_COUNT_LIMIT: '1' },
    check: ({ spans }) => expect(spans[0]?.events).toMatchObject([{ name: 'two' }]),
  },
  {
    source: { OTEL_SPAN_LINK_COUNT_LIMIT: '1' },
    check: ({ spans }) => expect(spans[0]?.links).toHaveLength(1),
  },
  {
    source: { OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT: '1' },
    check: ({ spans }) =>
      expect(spans[0]?.events.map((event) => event.attributes)).toEqual([{ a: 1 }, { a: 1 }]),
  },
  {
    source: { OTEL_LINK_ATTRIBUTE_COUNT_LIMIT: '1' },
    check: ({ spans }) =>
      expect(spans[0]?.links.map((link) => link.attributes)).toEqual([{ a: 1 }, { a: 1 }]),
  },
];

const titled = cases.map((one) => [JSON.stringify(one.source), one] as const);
it.each(titled)('%s is seen by the collector', async (_title, { source, options, check }) => {
  check(await send(source, options));
});

const w3cWith = (flags: string) => ({ traceparent: `00-${traceId}-${spanId}-${flags}` });
const debugged = { 'uber-trace-id': `${traceId}:${spanId}:0:3` };

it.each([
  ['', w3cWith('01'), 1],
  ['', w3cWith('00'), 0],
  ['always_on', w3cWith('00'), 1],
  ['always_off', w3cWith('01'), 0],
  ['always_off', debugged, 1],
  ['traceidratio', debugged, 1],
])(
  'OTEL_TRACES_SAMPLER=%s makes of a request whose caller sends %j %i spans',
  async (sampler, headers, count) => {
    const opened = await open({ OTEL_TRACES_SAMPLER: sampler, OTEL_TRACES_SAMPLER_ARG: '0' });
    const { startRequestSpan } = await import('./request-span.ts');
    startRequestSpan(opened.tracing, { name: 'POST /process', headers, attributes: {} })?.end(200);
    await closeAll(opened.tracing);
    expect(readSpans(opened)).toHaveLength(count);
  },
);

it('sends to the address of traces as it is, with what else is said of traces alone', async () => {
  const { collector } = await open({ OTEL_SDK_DISABLED: 'true' });
  const { spans } = await send({
    OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1',
    OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${collector.address}/in?tenant=shop`,
    OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf',
    OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'http/json',
    OTEL_EXPORTER_OTLP_TRACES_HEADERS: 'api-key=1',
    OTEL_EXPORTER_OTLP_TRACES_COMPRESSION: 'gzip',
  });
  expect(spans).toEqual([]);
  expect(collector.recorded).toMatchObject([
    {
      url: '/in?tenant=shop',
      headers: {
        'content-type': 'application/json',
        'content-encoding': 'gzip',
        'api-key': '1',
      },
    },
  ]);
});

it('writes spans to the console too', async () => {
  const said = vi.spyOn(console, 'dir').mockReturnValue();
  onTestFinished(() => said.mockRestore());
  isSent(await send({ OTEL_TRACES_EXPORTER: 'console,otlp' }));
  expect(said).toHaveBeenCalledWith(expect.objectContaining({ name: 'work' }), expect.anything());
});

it('waits for an answer as long as OTEL_EXPORTER_OTLP_TIMEOUT', async () => {
  const { tracing, lines } = await open({ OTEL_EXPORTER_OTLP_TIMEOUT: '100' }, { answers: false });
  expect(await tracing?.send([])).toBe('away');
  expect(lines.join()).toMatch(/no answer in time|Request timed out/);
});

it('sends a batch when OTEL_BSP_SCHEDULE_DELAY is over', async () => {
  const opened = await open({ OTEL_BSP_SCHEDULE_DELAY: '20' });
  work();
  await vi.waitFor(() => expect(readSpans(opened)).toHaveLength(1), 400);
  const slow = await open({ OTEL_BSP_SCHEDULE_DELAY: '60000' });
  await closeAll(opened.tracing, slow.tracing);
});

it('sends at once when OTEL_BSP_MAX_EXPORT_BATCH_SIZE spans are there', async () => {
  const opened = await open({
    OTEL_BSP_SCHEDULE_DELAY: '60000',
    OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '2',
  });
  work('one');
  expect(opened.collector.recorded).toEqual([]);
  work('two');
  await vi.waitFor(() => expect(readSpans(opened).map(({ name }) => name)).toEqual(['one', 'two']));
  await closeAll(opened.tracing);
});

/** A collector that does not answer is waited for at the end; longer than for what the tests look for. */
const soonGivenUp = { OTEL_EXPORTER_OTLP_TIMEOUT: '3000' };

it('drops what OTEL_BSP_MAX_QUEUE_SIZE does not hold', async () => {
  const opened = await open(
    { ...soonGivenUp, OTEL_BSP_SCHEDULE_DELAY: '60000', OTEL_BSP_MAX_QUEUE_SIZE: '2' },
    { answers: false },
  );
  for (const name of ['one', 'two', 'three', 'four', 'five']) work(name);
  await vi.waitFor(() => expect(readSpans(opened)).toHaveLength(2));
  await opened.tracing?.close();
  // Two were under way, two waited, and one found no room.
  expect(readSpans(opened).map(({ name }) => name)).toEqual(['one', 'two', 'three', 'four']);
});

it('goes on with the next batch when OTEL_BSP_EXPORT_TIMEOUT is over', async () => {
  const delays = { OTEL_BSP_SCHEDULE_DELAY: '10', OTEL_BSP_EXPORT_TIMEOUT: '50' };
  const source = { ...soonGivenUp, ...delays };
  const opened = await open(source, { answers: false });
  work('one');
  await vi.waitFor(() => expect(readSpans(opened)).toHaveLength(1));
  work('two');
  await vi.waitFor(() => expect(readSpans(opened)).toHaveLength(2));
  await closeAll(opened.tracing);
});

const w3c = { traceparent, baggage: 'tenant=7' };
const jaeger = { 'uber-trace-id': `${traceId}:${spanId}:0:1` };
const b3 = { b3: `${traceId}-${spanId}-1` };
const items = { baggage: 'tenant=7' };
const otherTraceparent = traceparent.replaceAll('a', 'c');
const otherB3 = { b3: b3.b3.replaceAll('a', 'c') };
const b3multi = { 'x-b3-traceid': traceId, 'x-b3-spanid': spanId, 'x-b3-sampled': '1' };

it.each([
  ['', w3c, { ...w3c, ...jaeger, 'uberctx-tenant': '7' }],
  ['', jaeger, { traceparent, ...jaeger }],
  ['', b3, {}],
  ['tracecontext', { ...w3c, ...jaeger }, { traceparent }],
  ['tracecontext,baggage', w3c, w3c],
  ['jaeger', jaeger, jaeger],
  ['b3', b3, b3],
  ['b3', w3c, {}],
  ['b3multi', b3multi, b3multi],
  ['tracecontext,b3,xray', b3, { traceparent, ...b3 }],
  // The last one that finds a trace wins.
  ['b3,tracecontext', { traceparent, ...otherB3 }, { traceparent, ...b3 }],
  ['tracecontext,b3', { traceparent: otherTraceparent, ...b3 }, { traceparent, ...b3 }],
  [
    'jaeger,baggage',
    { ...items, 'uberctx-user': '9' },
    { baggage: 'tenant=7,user=9', 'uberctx-tenant': '7', 'uberctx-user': '9' },
  ],
  ['none', { ...w3c, ...jaeger, ...b3 }, {}],
])('OTEL_PROPAGATORS=%s sends %j on as %j', async (names, received, sent) => {
  const source = { OTEL_PROPAGATORS: names, OTEL_SDK_DISABLED: 'true' };
  await open(source);
  const { readCaller, toTraceHeaders } = await import('./trace-context.ts');
  const headers = Object.entries(toTraceHeaders(readCaller(received)));
  expect(Object.fromEntries(headers.map(([name, value]) => [name.toLowerCase(), value]))).toEqual(
    sent,
  );
});

it.each([
  ['OTEL_TRACES_EXPORTER', 'zipkin'],
  ['OTEL_TRACES_SAMPLER', 'jaeger_remote'],
  ['OTEL_TRACES_SAMPLER_ARG', 'endpoint=http://localhost:14250,pollingIntervalMs=5000'],
  ['OTEL_EXPORTER_OTLP_PROTOCOL', 'grpc'],
  ['OTEL_EXPORTER_OTLP_TIMEOUT', 'soon'],
  ['OTEL_EXPORTER_OTLP_CERTIFICATE', '/nowhere.pem'],
  ['OTEL_EXPORTER_OTLP_HEADERS', 'no pair'],
  ['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', 'localhost:4318'],
  ['OTEL_RESOURCE_ATTRIBUTES', 'no pair'],
  ['OTEL_BSP_MAX_QUEUE_SIZE', '-1'],
  ['OTEL_SPAN_EVENT_COUNT_LIMIT', 'many'],
  ['OTEL_PROPAGATORS', 'xray'],
  ['OTEL_SDK_DISABLED', 'yes'],
  ['OTEL_LOG_LEVEL', 'debug'],
])('%s=%s is named, and spans are sent as without it', async (name, value) => {
  const { spans, problems } = await send({ [name]: value });
  expect(spans).toHaveLength(1);
  expect(problems).toHaveLength(1);
  expect(problems[0]).toMatch(
    new RegExp(
      `^${name} .*: (it counts as unset|.* is left out|it changes nothing here|at most an SDK or .* reads it)$`,
    ),
  );
});

it.each([
  ['OTEL_EXPORTER_OTLP_METRICS_ENDPOINT', 'http://127.0.0.1:1', 'METRICS'],
  ['OTEL_METRIC_EXPORT_INTERVAL', '1000', 'METRICS'],
  ['OTEL_EXPORTER_OTLP_LOGS_HEADERS', 'a=b', 'LOGS'],
  ['OTEL_BLRP_SCHEDULE_DELAY', '1000', 'LOGS'],
])('%s=%s is named where nothing exports what it is about', async (name, value, signal) => {
  const { openTelemetry } = await import('./open-telemetry.ts');
  const listProblems = async (source: Source) => {
    const env = createOtelEnv({ [name]: value, ...source });
    const { close } = await openTelemetry({ env, service: 'shop', level: 'silent' });
    await close();
    return env.listProblems();
  };
  expect(await listProblems({})).toEqual([
    `${name} is of no use without OTEL_${signal}_EXPORTER: it changes nothing here`,
  ]);
  expect(await listProblems({ [`OTEL_${signal}_EXPORTER`]: 'none' })).toEqual([]);
});

it('names what is up to the parts that the program has registered itself', async () => {
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  trace.setGlobalTracerProvider(new TracerProvider());
  const provider = 'the tracer provider that the program has registered';
  const { env } = await open({
    OTEL_PROPAGATORS: 'b3',
    OTEL_BSP_SCHEDULE_DELAY: '100',
    OTEL_TRACES_SAMPLER: 'always_on',
    OTEL_SPAN_LINK_COUNT_LIMIT: '8',
    OTEL_ATTRIBUTE_COUNT_LIMIT: '8',
  });
  expect(env.listProblems()).toEqual([
    'OTEL_PROPAGATORS is up to the propagators that the program has registered',
    `OTEL_BSP_SCHEDULE_DELAY is up to ${provider}`,
    ...['OTEL_TRACES_SAMPLER', 'OTEL_SPAN_LINK_COUNT_LIMIT', 'OTEL_ATTRIBUTE_COUNT_LIMIT'].map(
      (name) => `${name} binds orders: other spans are up to ${provider}`,
    ),
  ]);
});

it('holds spans that are told to the limits too', async () => {
  const { toReadableSpan } = await import('./span-record.ts');
  const opened = await open({
    OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT: '3',
    OTEL_ATTRIBUTE_COUNT_LIMIT: '1',
  });
  const { tracing } = opened;
  if (!tracing) throw new Error('nothing is traced');
  const times = { startUs: 1, endUs: 2, error: null, parentSpanId: null };
  const given = { 'baton.step': 'reserve', 'baton.way': 'first' };
  const record = { traceId, spanId, name: 'reserve', kind: 'internal', attributes: given } as const;
  expect(await tracing.send([toReadableSpan({ ...record, ...times }, tracing.resource)])).toBe(
    'arrived',
  );
  expect(readSpans(opened)).toMatchObject([
    { name: 'reserve', attributes: { 'baton.step': 'res' } },
  ]);
  expect(Object.keys(readSpans(opened)[0]?.attributes ?? {})).toEqual(['baton.step']);
  await closeAll(tracing);
});

async function closeAll(...all: readonly (Tracing | undefined)[]): Promise<void> {
  await Promise.all(all.map((tracing) => tracing?.close()));
}

it('is about each variable that is read, as is docs/settings.md', async () => {
  const asked = new Set<string>();
  const source = new Proxy<Source>({}, { get: (_source, name) => void asked.add(String(name)) });
  const { openTelemetry } = await import('./open-telemetry.ts');
  await openTelemetry({ env: createOtelEnv(source), service: 'shop', level: 'silent' });
  const ofOneSignal = /^OTEL_EXPORTER_OTLP_(TRACES|METRICS|LOGS)_(?!TEMPORALITY)/;
  const ofAllSignals = [...asked].filter((name) => !ofOneSignal.test(name));
  expect(documented.toSorted()).toEqual(ofAllSignals.toSorted());
  const tests = ['otel-variables', 'metrics-export', 'log-export']
    .map((name) => readFileSync(join(import.meta.dirname, `${name}.test.ts`), 'utf8'))
    .join();
  expect(documented.filter((name) => !new RegExp(`${name}\\b`).test(tests))).toEqual([]);
});
