import type { Row } from './grafana.ts';
import { quantile, rate } from './order-rows.ts';

const gauge = (metric: string, label: string, where = '') => ({
  expr: `max by (${label}) (${metric}${where})`,
  legend: `{{${label}}}`,
});

export const recovery: Row = {
  title: 'Recovery',
  charts: [
    {
      title: 'Breakers',
      description: 'Whether each service is called at all',
      unit: 'short',
      names: { 0: 'closed', 1: 'probing', 2: 'open', 3: 'due' },
      queries: [gauge('baton_breaker_state', 'participant')],
    },
    {
      title: 'Parked orders',
      description: 'They wait for the breaker of the service to close, which burns no attempt',
      unit: 'short',
      queries: [gauge('baton_orders_parked', 'participant')],
    },
    {
      title: 'Openings of breakers',
      description: 'In the last five minutes; probes that failed are not counted',
      unit: 'short',
      queries: [{ expr: 'increase(baton_breaker_openings_total[5m])', legend: '{{participant}}' }],
    },
    {
      title: 'Orders that may need an operator',
      description:
        'Stuck: an undo is refused, or a call ends the orchestrator. Set aside: this build lacks its version. Degraded: paid, but nobody was told',
      unit: 'short',
      queries: [
        { expr: 'baton_orders_stuck', legend: 'stuck' },
        { expr: 'baton_orders_quarantined', legend: 'set aside' },
        { expr: 'baton_orders_degraded', legend: 'degraded' },
      ],
    },
    {
      title: 'Other ways',
      description:
        'Steps that were given to their alternate, or deferred until after the completion',
      unit: 'ops',
      queries: [
        { expr: rate('baton_alternates_chosen_total', ['step']), legend: '{{step}}, alternate' },
        { expr: rate('baton_steps_deferred_total', ['step']), legend: '{{step}}, deferred' },
      ],
    },
    {
      title: 'Alerts of the watchdog',
      description: 'Open ones; GET /alerts says what is done about them',
      unit: 'short',
      queries: [{ expr: 'max by (rule) (baton_alerts_open) > 0', legend: '{{rule}}' }],
    },
    {
      title: 'Take-over',
      description:
        'Of the orchestrator that is active now: how long nobody was, and how much of it was recovery',
      unit: 's',
      limit: 5,
      queries: [
        { expr: 'baton_take_over_seconds', legend: 'take-over' },
        { expr: 'baton_recovery_seconds', legend: 'recovery' },
      ],
    },
    {
      title: 'Orders found open at the start',
      description: 'By the orchestrator that is active now, in the journal',
      unit: 'short',
      queries: [{ expr: 'baton_orders_recovered', legend: 'orders' }],
    },
    {
      title: 'Starts of the orchestrator',
      description: 'In the last 15 minutes',
      unit: 'short',
      limit: 3,
      queries: [
        {
          expr: 'changes(process_start_time_seconds{service="orchestrator"}[15m])',
          legend: 'starts',
        },
      ],
    },
  ],
};

export const journal: Row = {
  title: 'Journal',
  charts: [
    {
      title: 'How long commits took',
      description: 'Until a batch was on the disk',
      unit: 's',
      limit: 0.25,
      queries: [0.5, 0.99].map((q) => ({
        expr: quantile(q, 'baton_journal_commit_duration_seconds'),
        legend: `p${q * 100}`,
      })),
    },
    {
      title: 'Writes that shared a commit',
      description: 'The slower commits are, the more share one',
      unit: 'short',
      queries: [
        {
          expr: `${rate('baton_journal_commit_writes_sum')} / ${rate('baton_journal_commit_writes_count')}`,
          legend: 'mean',
        },
        { expr: quantile(0.99, 'baton_journal_commit_writes'), legend: 'p99' },
      ],
    },
    {
      title: 'Commits and writes a second',
      description: 'Appends and notices',
      unit: 'ops',
      queries: [
        { expr: rate('baton_journal_commit_writes_count'), legend: 'commits' },
        { expr: rate('baton_journal_commit_writes_sum'), legend: 'writes' },
      ],
    },
    {
      title: 'Events whose spans have not arrived',
      description:
        'It grows while the trace collector is away; nothing is lost. None without tracing',
      unit: 'short',
      queries: [{ expr: 'max(baton_trace_backlog_events)', legend: 'events' }],
    },
  ],
};

const requests = 'http_server_request_duration_seconds';
/** The dashboard's variable. */
const ofService = '{service=~"$service"}';
const calls = 'http_client_request_duration_seconds';
const operation = ['service', 'http_request_method', 'http_route'];
const ofOperation = '{{service}} {{http_request_method}} {{http_route}}';

export const services: Row = {
  title: 'Services',
  charts: [
    {
      title: 'Requests a second',
      description: 'By operation',
      unit: 'reqps',
      queries: [{ expr: rate(`${requests}_count`, operation, ofService), legend: ofOperation }],
    },
    {
      title: 'Failed requests',
      description:
        'By operation, and by status or no-answer. A 503 of POST /orders is an order refused at the limit',
      unit: 'reqps',
      queries: [
        {
          expr: rate(
            `${requests}_count`,
            [...operation, 'error_type'],
            '{service=~"$service",error_type!=""}',
          ),
          legend: `${ofOperation} {{error_type}}`,
        },
      ],
    },
    {
      title: 'How long requests took',
      description:
        'p95 by operation, as the service sees it. A dot leads to the request in its trace',
      unit: 's',
      exemplars: true,
      queries: [
        {
          expr: quantile(0.95, requests, { by: operation, where: ofService }),
          legend: ofOperation,
        },
      ],
    },
    {
      title: 'How long calls took',
      description: 'p95 by service and route, as the orchestrator sees it, the way included',
      unit: 's',
      queries: [
        {
          expr: quantile(0.95, calls, { by: ['server_address', 'http_route'] }),
          legend: '{{server_address}} {{http_route}}',
        },
      ],
    },
    {
      title: 'Calls without an answer',
      description: 'From the orchestrator, by service and by what went wrong',
      unit: 'reqps',
      queries: [
        {
          expr: rate(
            `${calls}_count`,
            ['server_address', 'error_type'],
            '{http_response_status_code=""}',
          ),
          legend: '{{server_address}} {{error_type}}',
        },
      ],
    },
    {
      title: 'Calls under way',
      description: 'From the orchestrator, 32 to each service at most',
      unit: 'short',
      queries: [gauge('baton_calls_in_flight', 'participant')],
    },
    {
      title: 'Up',
      description: 'Whether it answers Prometheus',
      unit: 'short',
      names: { 0: 'down', 1: 'up' },
      queries: [gauge('up', 'app')],
    },
    {
      title: 'Blocked event loops',
      description: 'p99 of how late timers ring',
      unit: 's',
      queries: [gauge('nodejs_eventloop_lag_p99_seconds', 'service', ofService)],
    },
    {
      title: 'Memory',
      description: 'Resident',
      unit: 'bytes',
      queries: [gauge('process_resident_memory_bytes', 'service', ofService)],
    },
    {
      title: 'Processor',
      description: 'Of one core',
      unit: 'percentunit',
      queries: [
        { expr: rate('process_cpu_seconds_total', ['service'], ofService), legend: '{{service}}' },
      ],
    },
    {
      title: 'Old prices',
      description: '1 while the order service does not answer and prices are the last known ones',
      unit: 'short',
      names: { 0: 'fresh', 1: 'stale' },
      queries: [{ expr: 'baton_catalog_stale', legend: 'catalogue' }],
    },
  ],
};

export const faults: Row = {
  title: 'Faults and events',
  charts: [
    {
      title: 'Broken on purpose',
      description: 'Faults put in, outside production, by operation and kind',
      unit: 'ops',
      queries: [
        {
          expr: rate('baton_faults_injected_total', ['operation', 'kind']),
          legend: '{{operation}} {{kind}}',
        },
      ],
    },
    {
      title: 'What happens to orders',
      description: 'Committed events, by type',
      unit: 'ops',
      queries: [{ expr: rate('baton_order_events_total', ['type']), legend: '{{type}}' }],
    },
    {
      title: 'Alerts opened',
      description: 'By the watchdog, in the last hour',
      unit: 'short',
      queries: [{ expr: 'increase(baton_alerts_total[1h]) > 0', legend: '{{rule}}' }],
    },
  ],
};
