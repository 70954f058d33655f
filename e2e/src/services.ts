/** The participants in this process, with their real stores; the second payment provider has one of its own. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInventoryService } from '@baton/inventory-service';
import { createNotificationService } from '@baton/notification-service';
import { createOrderService } from '@baton/order-service';
import { createPaymentService } from '@baton/payment-service';
import type { Participant } from '@baton/service-kit';
import { createLog, createMetrics, type Tracing } from '@baton/telemetry';

export interface Services {
  readonly order: Participant;
  readonly inventory: Participant;
  readonly payment: Participant;
  readonly 'payment-alternate': Participant;
  readonly notification: Participant;
}
export type ServiceKey = keyof Services;

/** What the file and the log of a program are named by. */
export const toProgramName = (key: ServiceKey): string =>
  key === 'payment-alternate' ? key : `${key}-service`;

const creators = {
  order: createOrderService,
  inventory: createInventoryService,
  payment: createPaymentService,
  'payment-alternate': createPaymentService,
  notification: createNotificationService,
} as const;

/** Of each program, by its name. */
export type OpenTracing = (program: string) => Tracing;

/** Opens the stores in a folder, or in memory when none is named. */
export function openServices(
  folder: string | null,
  now: () => number,
  openTracing?: OpenTracing,
): Services {
  if (folder !== null) mkdirSync(folder, { recursive: true });
  const open = (key: ServiceKey): Participant =>
    creators[key]({
      path: folder === null ? ':memory:' : join(folder, `${toProgramName(key)}.sqlite`),
      log: createLog(toProgramName(key), 'silent'),
      metrics: createMetrics(toProgramName(key)),
      tracing: openTracing?.(toProgramName(key)),
      now,
    });
  return {
    order: open('order'),
    inventory: open('inventory'),
    payment: open('payment'),
    'payment-alternate': open('payment-alternate'),
    notification: open('notification'),
  };
}

export function closeServices(services: Services): void {
  for (const service of Object.values(services)) service.close();
}
