/**
 * The participants: one entry for each program that the orchestrator calls. Clients, settings, ports, health
 * questions, faults, documents, deployments and the systems that tests start all follow from this list.
 */
import { inventoryOperations } from './inventory-service.ts';
import { notificationOperations } from './notification-service.ts';
import type { Operations } from './operation.ts';
import { orderOperations } from './order-service.ts';
import { paymentOperations } from './payment-service.ts';

interface ParticipantEntry {
  readonly operations: Operations;
  /** The contract's version; raise it with a change that breaks callers. Default 1. */
  readonly version?: number;
  /** Its usual port is the orchestrator's plus this. */
  readonly portOffset: number;
  /** The app that it runs, where it is not the app of its own name: a second instance, on data of its own. */
  readonly program?: string;
}

export const participantEntries = {
  'order-service': { operations: orderOperations, portOffset: 1 },
  'inventory-service': { operations: inventoryOperations, portOffset: 2 },
  'payment-service': { operations: paymentOperations, version: 2, portOffset: 3 },
  'payment-alternate': {
    operations: paymentOperations,
    portOffset: 5,
    program: 'payment-service',
  },
  'notification-service': { operations: notificationOperations, version: 2, portOffset: 4 },
} as const satisfies Readonly<Record<string, ParticipantEntry>>;

export type ParticipantName = keyof typeof participantEntries;
