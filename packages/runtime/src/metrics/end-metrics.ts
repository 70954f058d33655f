/** How many orders came and how they ended, why they were undone, and how long it took. */
import type { Committed, Feed, PlannedStep, RunState } from '@baton/saga';
import { createHistogram, type Metrics } from '@baton/telemetry';
import { Counter } from 'prom-client';
import { toCause } from '../run/event-words.ts';
import type { FindSpan } from '../run/exemplar.ts';

export interface EndOptions {
  readonly findSpan: FindSpan;
  readonly steps: readonly PlannedStep[];
  /** By the names of their sagas. */
  readonly workflows: readonly string[];
  /** Of an order that completed: something is missing from it. */
  readonly isDegraded: (state: RunState) => boolean;
}

const ends = ['completed', 'degraded', 'compensated'] as const;
type End = (typeof ends)[number];
/** Of a step; a cancelled order has none. */
const causesOfSteps = ['refused', 'failed'] as const;

export function countEnds(
  feed: Pick<Feed, 'subscribe'>,
  { registry }: Metrics,
  { findSpan, steps, workflows, isDegraded }: EndOptions,
): void {
  const accepted = new Counter({
    name: 'baton_orders_accepted_total',
    help: 'Orders accepted, by workflow',
    labelNames: ['workflow'],
    registers: [registry],
  });
  const settled = new Counter({
    name: 'baton_orders_settled_total',
    help: 'Orders that ended, by workflow and end',
    labelNames: ['workflow', 'end'],
    registers: [registry],
  });
  // All counters exist from the start, so that the first event is a rise.
  for (const workflow of workflows) {
    accepted.inc({ workflow }, 0);
    for (const end of ends) settled.inc({ workflow, end }, 0);
  }
  const observe = createHistogram(registry, {
    name: 'baton_order_duration_seconds',
    help: 'From the acceptance of an order to its end, by workflow and end',
    labelNames: ['workflow', 'end'],
    buckets: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3_600],
  });
  const countCompensation = createCompensationCounter(steps, registry);
  feed.subscribe((committed) => {
    const { run, event, state } = committed;
    countCompensation(committed);
    if (event.type === 'accepted') accepted.inc({ workflow: state.saga });
    if (event.type !== 'completed' && event.type !== 'compensated') return;
    const isMissing = event.type === 'completed' && isDegraded(state);
    const end: End = isMissing ? 'degraded' : event.type;
    const labels = { workflow: state.saga, end };
    settled.inc(labels);
    observe(labels, Math.max(0, event.at - state.acceptedAt) / 1_000, findSpan(run, state));
  });
}

function createCompensationCounter(steps: readonly PlannedStep[], registry: Metrics['registry']) {
  const compensations = new Counter({
    name: 'baton_compensations_total',
    help: 'Orders that it was decided to undo, by the step that ended them and by cause',
    labelNames: ['step', 'cause'],
    registers: [registry],
  });
  compensations.inc({ step: 'none', cause: 'cancelled' }, 0);
  // A step after the pivot is deferred, and undoes nothing.
  for (const { name: step, kind } of steps)
    if (kind !== 'later') for (const cause of causesOfSteps) compensations.inc({ step, cause }, 0);
  return ({ event, state }: Committed): void => {
    if (event.type !== 'compensation-decided') return;
    compensations.inc({ step: event.step ?? 'none', cause: toCause(event.step, state) });
  };
}
