import type { Engine, EventType } from '@baton/saga';
import type { Metrics } from '@baton/telemetry';
import { Counter, Gauge } from 'prom-client';
import type { Catalog } from './catalog.ts';

/** Labels are words of the engine and names of steps, never ids, so that their number is bounded. */
export function countOrders(engine: Engine, { registry }: Metrics): void {
  const registers = [registry];
  const events = new Counter({
    name: 'baton_order_events_total',
    help: 'Committed events of orders, by type',
    labelNames: ['type'],
    registers,
  });
  const byStep = (name: string, help: string) =>
    new Counter({ name, help, labelNames: ['step'], registers });
  const degradations: { readonly [T in EventType]?: Counter<'step'> } = {
    'alternate-chosen': byStep(
      'baton_alternates_chosen_total',
      'Orders whose step was given to its alternate, by step',
    ),
    'step-deferred': byStep(
      'baton_steps_deferred_total',
      'Orders that completed before a step was done, by step',
    ),
  };
  engine.subscribe(({ event }) => {
    events.inc({ type: event.type });
    if ('step' in event && event.step !== null) degradations[event.type]?.inc({ step: event.step });
  });
  const addGauge = (name: string, help: string, read: () => number) =>
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(read());
      },
    });
  addGauge('baton_orders_open', 'Orders accepted and not settled', () => engine.counts().open);
  addGauge('baton_orders_moving', 'Orders with a step in progress', () => engine.counts().moving);
  addGauge('baton_orders_queued', 'Orders that wait for a place', () => engine.counts().queued);
}

export function showCatalog(catalog: Catalog, { registry }: Metrics): void {
  new Gauge({
    name: 'baton_catalog_stale',
    help: '1 while the order service does not answer and prices are the last known ones',
    registers: [registry],
    collect() {
      this.set(catalog.isStale() ? 1 : 0);
    },
  });
}
