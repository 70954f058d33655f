import type { Engine } from '@baton/saga';
import type { Metrics } from '@baton/telemetry';
import { Counter, Gauge } from 'prom-client';

/** Labels are words of the engine, never ids, so that their number is bounded. */
export function countOrders(engine: Engine, { registry }: Metrics): void {
  const registers = [registry];
  const events = new Counter({
    name: 'baton_order_events_total',
    help: 'Committed events of orders, by type',
    labelNames: ['type'],
    registers,
  });
  engine.subscribe(({ event }) => events.inc({ type: event.type }));
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
