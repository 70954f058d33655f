/**
 * The figures of /metrics as OpenTelemetry's data. Names and labels go backwards through its translation to Prometheus:
 * translated again, they are those of /metrics. Exemplars are left out: the SDK's data has no field for them.
 */
import { type Attributes, type HrTime, ValueType } from '@opentelemetry/api';
import { hrTime, millisToHrTime } from '@opentelemetry/core';
import {
  AggregationTemporality,
  type DataPoint,
  DataPointType,
  type Histogram as HistogramValue,
  type MetricData,
} from '@opentelemetry/sdk-metrics';
import { Counter, Gauge, Histogram, type OpenMetricsContentType, type Registry } from 'prom-client';

type Figure = ReturnType<Registry['getMetricsAsArray']>[number];
type Labels = Readonly<Partial<Record<string, string | number>>>;
interface Value {
  readonly labels: Labels;
  readonly value: number;
  /** A histogram's name with `_bucket`, `_sum` or `_count`. */
  readonly metricName?: string;
}
interface Read {
  readonly metrics: MetricData[];
  /** Why the missing figures could not be read; the others are sent. */
  readonly errors: unknown[];
}

/** Counters of the process begin with it. */
const startTime = millisToHrTime(performance.timeOrigin);

const units = { seconds: 's', bytes: 'By' } as const;

/** A dot is an underscore there, and so is an underscore. */
const conventions: Readonly<Partial<Record<string, string>>> = {
  http_route: 'http.route',
  http_request_method: 'http.request.method',
  http_response_status_code: 'http.response.status_code',
  url_scheme: 'url.scheme',
  server_address: 'server.address',
  server_port: 'server.port',
  error_type: 'error.type',
};

export async function readMetricData(registry: Registry<OpenMetricsContentType>): Promise<Read> {
  const read = await Promise.allSettled(registry.getMetricsAsArray().map(toMetricData));
  return {
    metrics: read.flatMap((it) => (it.status === 'fulfilled' ? it.value.filter(hasPoints) : [])),
    errors: read.flatMap((it) => (it.status === 'rejected' ? [it.reason] : [])),
  };
}

const hasPoints = ({ dataPoints }: MetricData): boolean => dataPoints.length > 0;

/** A summary is left out: the SDK does not know it. */
async function toMetricData(figure: Figure): Promise<MetricData[]> {
  const shared = {
    descriptor: describe(figure),
    aggregationTemporality: AggregationTemporality.CUMULATIVE,
  };
  if (figure instanceof Histogram) {
    const dataPoints = toHistogramPoints((await figure.get()).values);
    return [{ ...shared, dataPointType: DataPointType.HISTOGRAM, dataPoints }];
  }
  if (figure instanceof Counter) {
    const dataPoints = toPoints((await figure.get()).values);
    return [{ ...shared, dataPointType: DataPointType.SUM, isMonotonic: true, dataPoints }];
  }
  if (!(figure instanceof Gauge)) return [];
  const dataPoints = toPoints((await figure.get()).values);
  return [{ ...shared, dataPointType: DataPointType.GAUGE, dataPoints }];
}

/** `baton_order_duration_seconds` is `baton.order.duration` in `s`. */
function describe(figure: Figure): MetricData['descriptor'] {
  const counted = figure instanceof Counter ? figure.name.replace(/_total$/, '') : figure.name;
  const [suffix, unit = ''] =
    Object.entries(units).find(([word]) => counted.endsWith(`_${word}`)) ?? [];
  const bare = suffix === undefined ? counted : counted.slice(0, -suffix.length - 1);
  return {
    name: bare.replaceAll('_', '.'),
    description: figure.help,
    unit,
    valueType: ValueType.DOUBLE,
  };
}

/** An empty label is none. */
function toAttributes(labels: Labels): Attributes {
  const given = Object.entries(labels).filter(([, value]) => value !== '');
  return Object.fromEntries(given.map(([name, value]) => [conventions[name] ?? name, value]));
}

const toPoint = <T>(labels: Labels, value: T, endTime: HrTime): DataPoint<T> => ({
  startTime,
  endTime,
  attributes: toAttributes(labels),
  value,
});

function toPoints(values: readonly Value[]): DataPoint<number>[] {
  const now = hrTime();
  // A mean of nothing is NaN, which JSON cannot say.
  const known = values.filter(({ value }) => Number.isFinite(value));
  return known.map(({ labels, value }) => toPoint(labels, value, now));
}

function toHistogramPoints(values: readonly Value[]): DataPoint<HistogramValue>[] {
  const now = hrTime();
  const series = Map.groupBy(values, ({ labels: { le: _le, ...labels } }) =>
    JSON.stringify(labels),
  );
  return [...series.values()].map((ofSeries) => {
    const { le: _le, ...labels } = ofSeries[0]?.labels ?? {};
    return toPoint(labels, toHistogram(ofSeries), now);
  });
}

/** Prometheus's buckets include all lower ones. */
function toHistogram(series: readonly Value[]): HistogramValue {
  const buckets = series.filter(({ labels }) => labels.le !== undefined);
  const read = (end: string): number =>
    series.find(({ metricName }) => metricName?.endsWith(end))?.value ?? 0;
  return {
    buckets: {
      boundaries: buckets.flatMap(({ labels: { le } }) => (typeof le === 'number' ? le : [])),
      counts: buckets.map(({ value }, i) => value - (buckets[i - 1]?.value ?? 0)),
    },
    sum: read('_sum'),
    count: read('_count'),
  };
}
