/** What an exporter of figures or log lines has sent, in protobuf or JSON. */
import protobuf from 'protobufjs';
import { z } from 'zod';
import type { Recorded } from './recording-collector.ts';

/** The part of OpenTelemetry's definitions that tests ask about; protobuf skips what is not named here. */
const { root } = protobuf.parse(`
  syntax = "proto3";
  message Resource { repeated KeyValue attributes = 1; }
  message KeyValue { string key = 1; AnyValue value = 2; }
  message ArrayValue { repeated AnyValue values = 1; }
  message KeyValueList { repeated KeyValue values = 1; }
  message AnyValue {
    oneof value {
      string string_value = 1; bool bool_value = 2; int64 int_value = 3; double double_value = 4;
      ArrayValue array_value = 5; KeyValueList kvlist_value = 6;
    }
  }
  message Metrics { repeated ResourceMetrics resource_metrics = 1; }
  message ResourceMetrics { Resource resource = 1; repeated ScopeMetrics scope_metrics = 2; }
  message ScopeMetrics { repeated Metric metrics = 2; }
  message Metric {
    string name = 1; string description = 2; string unit = 3;
    oneof data { Gauge gauge = 5; Sum sum = 7; Histogram histogram = 9; }
  }
  message Gauge { repeated Point data_points = 1; }
  message Sum { repeated Point data_points = 1; int32 aggregation_temporality = 2; bool is_monotonic = 3; }
  message Point {
    fixed64 start_time_unix_nano = 2; fixed64 time_unix_nano = 3; repeated KeyValue attributes = 7;
    oneof value { double as_double = 4; }
  }
  message Histogram { repeated HistogramPoint data_points = 1; int32 aggregation_temporality = 2; }
  message HistogramPoint {
    fixed64 start_time_unix_nano = 2; fixed64 time_unix_nano = 3; fixed64 count = 4; double sum = 5;
    repeated fixed64 bucket_counts = 6; repeated double explicit_bounds = 7; repeated KeyValue attributes = 9;
  }
  message Logs { repeated ResourceLogs resource_logs = 1; }
  message ResourceLogs { Resource resource = 1; repeated ScopeLogs scope_logs = 2; }
  message Scope { string name = 1; string version = 2; }
  message ScopeLogs { Scope scope = 1; repeated LogRecord log_records = 2; string schema_url = 3; }
  message LogRecord {
    fixed64 time_unix_nano = 1; int32 severity_number = 2; string severity_text = 3; AnyValue body = 5;
    repeated KeyValue attributes = 6; fixed32 flags = 8; bytes trace_id = 9; bytes span_id = 10;
  }
`);

const Value: z.ZodType<unknown> = z.lazy(() =>
  z.union([
    z.object({ stringValue: z.string() }).transform((it) => it.stringValue),
    z.object({ boolValue: z.boolean() }).transform((it) => it.boolValue),
    z.object({ intValue: z.coerce.number() }).transform((it) => it.intValue),
    z.object({ doubleValue: z.number() }).transform((it) => it.doubleValue),
    z
      .object({ arrayValue: z.object({ values: z.array(Value) }) })
      .transform((it) => it.arrayValue.values),
    z
      .object({ kvlistValue: z.object({ values: Attributes }) })
      .transform((it) => it.kvlistValue.values),
  ]),
);
const Attributes = z
  .array(z.object({ key: z.string(), value: Value }))
  .default([])
  .transform((pairs) => Object.fromEntries(pairs.map(({ key, value }) => [key, value])));
const Resource = z.object({ attributes: Attributes });
const Nanoseconds = z.string().transform((text) => Number(text.slice(0, -6)));
/** JSON has ids as hexadecimal digits, and protobuf's are in Base64 here. */
const Id = (bytes: number) =>
  z
    .string()
    .default('')
    .transform((text) =>
      text.length === bytes * 2 ? text : Buffer.from(text, 'base64').toString('hex'),
    );

const shared = {
  startTimeUnixNano: Nanoseconds,
  timeUnixNano: Nanoseconds,
  attributes: Attributes,
};
const Points = z.array(z.object({ ...shared, asDouble: z.number() })).default([]);
const HistogramPoints = z
  .array(
    z.object({
      ...shared,
      count: z.coerce.number(),
      sum: z.number(),
      bucketCounts: z.array(z.coerce.number()),
      explicitBounds: z.array(z.number()),
    }),
  )
  .default([]);
const Metric = z.object({
  name: z.string(),
  description: z.string(),
  unit: z.string().default(''),
  gauge: z.object({ dataPoints: Points }).optional(),
  sum: z
    .object({ dataPoints: Points, aggregationTemporality: z.number(), isMonotonic: z.boolean() })
    .optional(),
  histogram: z
    .object({ dataPoints: HistogramPoints, aggregationTemporality: z.number() })
    .optional(),
});
const Metrics = z.object({
  resourceMetrics: z.array(
    z.object({ resource: Resource, scopeMetrics: z.array(z.object({ metrics: z.array(Metric) })) }),
  ),
});

const LogRecord = z.object({
  timeUnixNano: Nanoseconds,
  severityNumber: z.number(),
  severityText: z.string(),
  body: Value,
  attributes: Attributes,
  flags: z.number().default(0),
  traceId: Id(16),
  spanId: Id(8),
});
const Logs = z.object({
  resourceLogs: z.array(
    z.object({
      resource: Resource,
      scopeLogs: z.array(
        z.object({
          scope: z.object({ name: z.string(), version: z.string() }),
          schemaUrl: z.string().default(''),
          logRecords: z.array(LogRecord),
        }),
      ),
    }),
  ),
});

function decode({ headers, body }: Recorded, name: 'Metrics' | 'Logs'): unknown {
  if (headers['content-type'] !== 'application/x-protobuf') return JSON.parse(body.toString());
  const type = root.lookupType(name);
  return type.toObject(type.decode(body), { bytes: String, longs: String, defaults: true });
}

/** Throws when the body is neither. */
export const readSentMetrics = (recorded: Recorded) =>
  Metrics.parse(decode(recorded, 'Metrics')).resourceMetrics.map(({ resource, scopeMetrics }) => ({
    resource: resource.attributes,
    metrics: new Map(
      scopeMetrics.flatMap(({ metrics }) =>
        metrics.map((metric) => [metric.name, metric] as const),
      ),
    ),
  }));

export const readSentLogs = (recorded: Recorded) =>
  Logs.parse(decode(recorded, 'Logs')).resourceLogs.flatMap(({ resource, scopeLogs }) =>
    scopeLogs.flatMap(({ scope, schemaUrl, logRecords }) =>
      logRecords.map((record) => ({
        ...record,
        resource: resource.attributes,
        scope: { ...scope, schemaUrl },
      })),
    ),
  );
