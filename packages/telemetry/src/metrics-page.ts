/** The page for a scrape: Prometheus's older text, or OpenMetrics, which alone has exemplars. */
import { type OpenMetricsContentType, Registry } from 'prom-client';

export const textType = Registry.PROMETHEUS_CONTENT_TYPE;
export const openMetricsType = Registry.OPENMETRICS_CONTENT_TYPE;
export type MetricsType = typeof textType | typeof openMetricsType;

/**
 * The registry writes OpenMetrics only: two scrapes at once would share its type, and once it has written OpenMetrics it
 * has cut `_total` off the names of its counters. The older text is made from its OpenMetrics.
 */
export async function writeMetrics(
  registry: Registry<OpenMetricsContentType>,
  type: MetricsType,
): Promise<string> {
  const text = await registry.metrics();
  return type === openMetricsType ? text : toOlderText(text);
}

/** No label's value is taken for an exemplar: there, a quotation mark has a backslash before it. */
const exemplar = / # \{trace_id="\w*",span_id="\w*"\} \S+ \S+$/gm;
const counterHead = /^# HELP (\S+) (.*)\n# TYPE \1 counter$/gm;

const toOlderText = (text: string): string =>
  text
    .replace(/# EOF\n$/, '')
    .replace(exemplar, '')
    .replace(counterHead, '# HELP $1_total $2\n# TYPE $1_total counter');
