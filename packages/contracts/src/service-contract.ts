/** Every service's operations in one place, for documents and checkers. */
import { faultOperations } from './fault-routes.ts';
import { inventoryOperations } from './inventory-service.ts';
import { notificationOperations } from './notification-service.ts';
import type { Operations, ServiceName } from './operation.ts';
import { operatorOperations } from './operator-routes.ts';
import { orchestratorOperations } from './orchestrator.ts';
import { orderOperations } from './order-service.ts';
import { paymentOperations } from './payment-service.ts';

export const SERVICE_CONTRACTS: Readonly<Record<ServiceName, Operations>> = {
  orchestrator: { ...orchestratorOperations, ...operatorOperations, ...faultOperations },
  'order-service': orderOperations,
  'inventory-service': inventoryOperations,
  'payment-service': paymentOperations,
  'notification-service': notificationOperations,
};
