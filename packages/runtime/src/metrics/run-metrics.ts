/** Labels are words of the engine and names of steps, never ids, so that their number is bounded. */
import type {
  Engine,
  EngineCounts,
  EventType,
  ParticipantView,
  PlannedStep,
  Saga,
} from '@baton/saga';
import type { Metrics } from '@baton/telemetry';
import { Counter, Gauge } from 'prom-client';
import { findDefinition, listCalled, listSteps } from '../run/definition.ts';
import { type Telling, tellings } from '../run/event-table.ts';
import type { FindSpan } from '../run/exemplar.ts';
import { findDegraded } from '../run/run-view.ts';
import { toBreakerWord } from '../watchdog/breaker-word.ts';
import { countEnds } from './end-metrics.ts';
import { timeSteps } from './step-metrics.ts';

export interface MeasuredRuns {
  readonly engine: Engine;
  readonly sagas: readonly Saga<unknown>[];
  readonly now: () => number;
  readonly findSpan: FindSpan;
  /** Whether a participant answered when it was asked last. */
  readonly isAnswering: (participant: string) => boolean;
}

export function measureRuns(runs: MeasuredRuns, metrics: Metrics): void {
  const { engine, sagas, now, findSpan } = runs;
  const steps = listSteps(sagas);
  countEvents(engine, steps, metrics);
  countEnds(engine.feed, metrics, {
    findSpan,
    steps,
    workflows: [...new Set(sagas.map(({ name }) => name))],
    isDegraded: (state) => findDegraded(findDefinition(sagas, state), state).length > 0,
  });
  timeSteps(engine, metrics, findSpan);
  showOrders(engine, metrics, now);
  showVersions(runs, metrics);
  showParticipants(runs, metrics);
}

type Steps = readonly PlannedStep[];

/** Every counter is 0 from the start, so that the first event is a rise. */
function countEvents(engine: Engine, steps: Steps, { registry }: Metrics): void {
  const events = new Counter({
    name: 'baton_order_events_total',
    help: 'Committed events of orders, by type',
    labelNames: ['type'],
    registers: [registry],
  });
  for (const type of Object.keys(tellings)) events.inc({ type }, 0);
  const byStep = new Map(
    Object.entries(tellings).flatMap(([type, { counter }]) =>
      counter ? [[type, createStepCounter(counter, steps, registry)]] : [],
    ),
  );
  engine.feed.subscribe(({ event }) => {
    events.inc({ type: event.type });
    if ('step' in event && event.step !== null) byStep.get(event.type)?.inc({ step: event.step });
  });
}

function createStepCounter(
  { name, help, isOf }: NonNullable<Telling<EventType>['counter']>,
  steps: Steps,
  registry: Metrics['registry'],
) {
  const counter = new Counter({ name, help, labelNames: ['step'], registers: [registry] });
  for (const step of steps.filter(isOf)) counter.inc({ step: step.name }, 0);
  return counter;
}

function showOrders(engine: Engine, { registry }: Metrics, now: () => number): void {
  const addGauge = (name: string, help: string, read: () => Promise<number>) =>
    new Gauge({
      name,
      help,
      registers: [registry],
      async collect() {
        this.set(await read());
      },
    });
  const count = (which: keyof EngineCounts) => async (): Promise<number> =>
    Number((await engine.counts())[which]);
  const measure = async (query: Parameters<Engine['list']>[0]): Promise<number> =>
    (await engine.list(query)).length;
  addGauge('baton_orders_open', 'Orders accepted and not settled', count('open'));
  addGauge(
    'baton_orders_open_max',
    'How many orders may be open: beyond it, new ones are refused with 503',
    count('openMax'),
  );
  addGauge(
    'baton_oldest_open_order_age_seconds',
    'Since the acceptance of the oldest order that has not settled, set aside or not; 0 if there is none',
    async () => {
      const [oldest] = await engine.list({ status: 'open', limit: 1, oldestFirst: true });
      return oldest ? Math.max(0, now() - oldest.acceptedAt) / 1_000 : 0;
    },
  );
  addGauge('baton_orders_moving', 'Orders with a step in progress', count('moving'));
  addGauge(
    'baton_orders_queued',
    'Orders that could go on, but wait for their turn',
    count('queued'),
  );
  addGauge(
    'baton_orders_quarantined',
    'Orders set aside, since this build lacks their definition',
    count('quarantined'),
  );
  addGauge(
    'baton_orders_stuck',
    `Orders whose undo was refused or is out of attempts, or that are set aside; ${countMax} at most`,
    () => measure({ status: 'stuck', limit: countMax }),
  );
  addGauge(
    'baton_orders_degraded',
    `Completed orders with a deferred step still to be repaired; ${countMax} at most`,
    () => measure({ status: 'owing', limit: countMax }),
  );
}

/** The oldest orders show whether an old workflow has drained, so counting these is enough. */
function showVersions({ engine, sagas }: MeasuredRuns, { registry }: Metrics): void {
  new Gauge({
    name: 'baton_orders_open_by_version',
    help: `Orders that have not settled, set aside or not, by workflow and by the version that they follow; of the ${countMax} oldest`,
    labelNames: ['workflow', 'version'],
    registers: [registry],
    async collect() {
      const oldest = await engine.list({ status: 'open', limit: countMax, oldestFirst: true });
      this.reset();
      for (const { name, version } of sagas) this.set({ workflow: name, version }, 0);
      for (const { saga, version } of oldest) this.inc({ workflow: saga, version });
    },
  });
}

/** Counting ends here: a scrape must stay cheap when there is most to see. */
const countMax = 1_000;

const breakerStates = { closed: 0, probing: 1, open: 2, idle: 3 } as const;

/** Gauges exist for participants that were called since the start; plans name these, so they are few. */
function showParticipants(runs: MeasuredRuns, { registry }: Metrics): void {
  const { engine, sagas, now, isAnswering } = runs;
  const shared = { labelNames: ['participant'] as const, registers: [registry] };
  const addGauge = (name: string, help: string, read: (view: ParticipantView) => number) =>
    new Gauge({
      ...shared,
      name,
      help,
      async collect() {
        for (const view of await engine.participants())
          this.set({ participant: view.participant }, read(view));
      },
    });
  addGauge(
    'baton_breaker_state',
    '0 closed, 1 probing, 2 open, 3 open though the participant answers: no order waits, and the next one probes it',
    (view) => {
      const word = toBreakerWord(view, now());
      if (word !== 'due') return breakerStates[word];
      return isAnswering(view.participant) ? breakerStates.idle : breakerStates.open;
    },
  );
  addGauge('baton_calls_in_flight', 'Calls under way', ({ inFlight }) => inFlight);
  addGauge(
    'baton_orders_parked',
    'Orders that wait for the breaker to close',
    ({ parked }) => parked,
  );
  const called = listCalled(sagas);
  new Counter({
    ...shared,
    name: 'baton_breaker_openings_total',
    help: 'Times that the breaker opened, failed probes not counted',
    async collect() {
      const views = await engine.participants();
      this.reset();
      for (const participant of called) this.inc({ participant }, 0);
      for (const { participant, openings } of views) this.inc({ participant }, openings);
    },
  });
}
