/** A dashboard as Grafana 10 and later read it, from rows of charts. A chart's position follows from the order. */

export interface Query {
  readonly expr: string;
  /** A line's name; Grafana fills in labels. */
  readonly legend: string;
}
export interface Chart {
  readonly title: string;
  readonly description: string;
  readonly queries: readonly Query[];
  /** A unit as Grafana names it. */
  readonly unit: 's' | 'short' | 'ops' | 'reqps' | 'percentunit' | 'bytes';
  /** Dots that lead to traces. */
  readonly exemplars?: true;
  /** Above this value the chart turns red. */
  readonly limit?: number;
  /** Names for values, such as 2 for open. */
  readonly names?: Readonly<Record<number, string>>;
}
export interface Row {
  readonly title: string;
  readonly charts: readonly Chart[];
}

/** Chosen at the top of the page; at first, the first of its kind. */
const datasource = { type: 'prometheus', uid: '$prometheus' };
const traces = { type: 'jaeger', uid: '$jaeger' };

const toSource = (type: string, label: string) => ({
  name: type,
  label,
  type: 'datasource',
  query: type,
});

/** The values of a label; at first, all of them. */
const toChoice = (label: string, metric: string) => ({
  name: label,
  label,
  type: 'query',
  datasource,
  query: { query: `label_values(${metric}, ${label})`, refId: label },
  refresh: 2,
  multi: true,
  includeAll: true,
  allValue: '.*',
  current: { text: 'All', value: '$__all' },
});

const variables = [
  toSource('prometheus', 'figures'),
  toSource('jaeger', 'traces'),
  toChoice('workflow', 'baton_orders_accepted_total'),
  toChoice('service', 'process_cpu_seconds_total'),
];

/** Each row leads to the trace of an order, and says how long that took. */
const orderTable = {
  type: 'table',
  title: 'The newest orders',
  description: 'By their traces: a click opens one',
  datasource: traces,
  targets: [
    {
      refId: 'A',
      datasource: traces,
      queryType: 'search',
      service: 'orchestrator',
      operation: 'order',
      limit: 20,
    },
  ],
  gridPos: { x: 0, y: 0, w: 24, h: 8 },
};

const columns = 24;
const chartDefaults = { w: 8, h: 8 };
const rowHeight = 1;

const toTarget = ({ expr, legend }: Query, index: number, exemplar: boolean) => ({
  datasource,
  refId: String.fromCharCode('A'.charCodeAt(0) + index),
  expr,
  legendFormat: legend,
  exemplar,
  range: true,
});

const toThresholds = (limit: number | undefined) => ({
  mode: 'absolute',
  steps: [
    { color: 'green', value: null },
    ...(limit === undefined ? [] : [{ color: 'red', value: limit }]),
  ],
});

const toMappings = (names: Chart['names']) =>
  names === undefined
    ? []
    : [
        {
          type: 'value',
          options: Object.fromEntries(
            Object.entries(names).map(([value, text], index) => [value, { text, index }]),
          ),
        },
      ];

const toPanel = (chart: Chart) => ({
  type: 'timeseries',
  title: chart.title,
  description: chart.description,
  datasource,
  targets: chart.queries.map((query, i) => toTarget(query, i, chart.exemplars ?? false)),
  fieldConfig: {
    defaults: {
      unit: chart.unit,
      min: 0,
      thresholds: toThresholds(chart.limit),
      mappings: toMappings(chart.names),
      custom: {
        fillOpacity: 10,
        showPoints: 'never',
        thresholdsStyle: { mode: chart.limit === undefined ? 'off' : 'dashed' },
      },
    },
    overrides: [],
  },
  options: {
    legend: { displayMode: 'list', placement: 'bottom', showLegend: true },
    tooltip: { mode: 'multi', sort: 'desc' },
  },
});

/** From left to right, then below. */
const toPanels = ({ title, charts }: Row, top: number) => [
  {
    type: 'row',
    title,
    collapsed: false,
    gridPos: { x: 0, y: top, w: columns, h: rowHeight },
    panels: [],
  },
  ...charts.map((chart, index) => ({
    ...toPanel(chart),
    gridPos: {
      x: (index * chartDefaults.w) % columns,
      y: top + rowHeight + Math.floor((index * chartDefaults.w) / columns) * chartDefaults.h,
      ...chartDefaults,
    },
  })),
];

const toHeight = ({ charts }: Row): number =>
  rowHeight + Math.ceil((charts.length * chartDefaults.w) / columns) * chartDefaults.h;

export function toDashboard(rows: readonly Row[]) {
  let top = orderTable.gridPos.h;
  const panels = rows.flatMap((row) => {
    const placed = toPanels(row, top);
    top += toHeight(row);
    return placed;
  });
  return {
    uid: 'baton',
    title: 'Baton',
    tags: ['baton'],
    schemaVersion: 38,
    version: 1,
    editable: true,
    graphTooltip: 1,
    refresh: '5s',
    time: { from: 'now-15m', to: 'now' },
    timezone: 'browser',
    templating: { list: variables },
    annotations: { list: [] },
    panels: [orderTable, ...panels].map((panel, index) => ({ id: index + 1, ...panel })),
  };
}
