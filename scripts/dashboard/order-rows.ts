import type { Chart, Query, Row } from './grafana.ts';

/** `by` names what each line stands for. */
export const quantile = (q: number, histogram: string, { by = [] as string[], where = '' } = {}) =>
  `histogram_quantile(${q}, sum by (${['le', ...by].join(', ')}) (rate(${histogram}_bucket${where}[$__rate_interval])))`;

export const rate = (counter: string, by: readonly string[] = [], where = ''): string =>
  `sum${by.length > 0 ? ` by (${by.join(', ')})` : ''} (rate(${counter}${where}[$__rate_interval]))`;

const quantiles = (histogram: string, where: string): Query[] =>
  [0.5, 0.95, 0.99].map((q) => ({
    expr: quantile(q, histogram, { where }),
    legend: `p${q * 100}`,
  }));

/** The dashboard's variable. */
const ofWorkflow = '{workflow=~"$workflow"}';

const ofSteps = (title: string, direction: 'forward' | 'undo', description: string): Chart => ({
  title,
  description,
  unit: 's',
  exemplars: true,
  queries: [
    {
      expr: quantile(0.95, 'baton_step_duration_seconds', {
        by: ['step'],
        where: `{direction="${direction}"}`,
      }),
      legend: '{{step}}',
    },
  ],
});

export const orders: Row = {
  title: 'Orders',
  charts: [
    {
      title: 'Orders a second',
      description: 'Accepted, and ended by end. Degraded ones are paid and lack their notification',
      unit: 'ops',
      queries: [
        { expr: rate('baton_orders_accepted_total', [], ofWorkflow), legend: 'accepted' },
        { expr: rate('baton_orders_settled_total', ['end'], ofWorkflow), legend: '{{end}}' },
      ],
    },
    {
      title: 'How long orders took',
      description:
        'From acceptance to the end, whichever it was. A dot leads to the trace of an order',
      unit: 's',
      exemplars: true,
      queries: quantiles('baton_order_duration_seconds', ofWorkflow),
    },
    {
      title: 'Ended too late',
      description:
        'The share of orders that took longer than 30 s; 1 % is what the objective allows',
      unit: 'percentunit',
      limit: 0.01,
      queries: [
        { expr: 'baton:orders_late:ratio5m', legend: 'in 5 minutes' },
        { expr: 'baton:orders_late:ratio1h', legend: 'in an hour' },
      ],
    },
    {
      title: 'Open',
      description: 'Accepted and not ended; of these in progress, and waiting for their turn',
      unit: 'short',
      queries: [
        { expr: 'baton_orders_open', legend: 'open' },
        { expr: 'baton_orders_moving', legend: 'in progress' },
        { expr: 'baton_orders_queued', legend: 'waiting for their turn' },
        { expr: 'baton_orders_open_max', legend: 'limit' },
      ],
    },
    {
      title: 'The oldest open order',
      description: 'Its age; from 5 minutes on the watchdog has it tried again',
      unit: 's',
      limit: 600,
      queries: [{ expr: 'baton_oldest_open_order_age_seconds', legend: 'age' }],
    },
    {
      title: 'Why orders are undone',
      description: 'Refused: the business said no. Failed: attempts or time ran out',
      unit: 'ops',
      queries: [
        {
          expr: rate('baton_compensations_total', ['step', 'cause']),
          legend: '{{step}} {{cause}}',
        },
      ],
    },
  ],
};

export const steps: Row = {
  title: 'Steps',
  charts: [
    ofSteps(
      'How long steps took',
      'forward',
      'p95, from the first attempt to the reply that ended the step',
    ),
    ofSteps('How long undos took', 'undo', 'p95, from the first attempt until it was undone'),
    {
      title: 'How long attempts took',
      description: 'p95 of single calls. A dot leads to the call in its trace',
      unit: 's',
      exemplars: true,
      queries: [
        {
          expr: quantile(0.95, 'baton_attempt_duration_seconds', { by: ['step', 'direction'] }),
          legend: '{{direction}} {{step}}',
        },
      ],
    },
    {
      title: 'Attempts by reply',
      description:
        'Unsent: it never left. Unknown: the effect may exist, so it is asked again under its key',
      unit: 'ops',
      queries: [
        {
          expr: rate('baton_attempt_duration_seconds_count', ['direction', 'reply']),
          legend: '{{direction}} {{reply}}',
        },
      ],
    },
    {
      title: 'Attempts that were not answered with done',
      description: 'By step',
      unit: 'ops',
      queries: [
        {
          expr: rate('baton_attempt_duration_seconds_count{reply!="ok"}', [
            'step',
            'direction',
            'reply',
          ]),
          legend: '{{direction}} {{step}} {{reply}}',
        },
      ],
    },
    {
      title: 'Undos that failed',
      description:
        'The share of answers to undos other than done; 1 % is what the objective allows',
      unit: 'percentunit',
      limit: 0.01,
      queries: [
        { expr: 'baton:undos_failed:ratio5m', legend: 'in 5 minutes' },
        { expr: 'baton:undos_failed:ratio1h', legend: 'in an hour' },
      ],
    },
  ],
};
