/** The shop's orchestrator: orders, and what is known of all of them. */
import { z } from 'zod';
import { alertOperations } from './alert.ts';
import { Audit, exampleAudit } from './audit.ts';
import { faultOperations } from './fault-routes.ts';
import { defineOperation } from './operation.ts';
import { exampleOrderId, Instant, Product } from './order.ts';
import { OrderEvent, orderRunOperations } from './order-view.ts';
import { EventHeaders } from './run-headers.ts';
import { searchOperations } from './search.ts';
import { descriptionOperations } from './workflow-description.ts';

const service = 'orchestrator';
const at = '2026-01-01T00:00:00.000Z';

const streamEvents = defineOperation({
  name: 'orchestrator.events',
  service,
  kind: 'stream',
  method: 'GET',
  path: '/events',
  summary: 'The events of all runs as Server-Sent Events',
  headers: EventHeaders,
  replies: { 200: OrderEvent },
  problems: {},
  examples: { reply: { orderId: exampleOrderId, seq: 1, type: 'step-succeeded', at } },
});

const getCatalog = defineOperation({
  name: 'orchestrator.catalog',
  service,
  kind: 'read',
  method: 'GET',
  path: '/catalog',
  summary: 'Products and prices; the last known ones while the order service is down',
  replies: {
    200: z.object({
      products: z.array(Product).max(1000),
      stale: z.boolean(),
      at: Instant.meta({ description: 'When the order service said so' }),
    }),
  },
  problems: {},
  examples: {
    reply: {
      products: [{ sku: 'mug', name: 'Mug', price: { amountMinor: 1200, currency: 'EUR' } }],
      stale: false,
      at,
    },
  },
});

const getAudit = defineOperation({
  name: 'orchestrator.audit',
  service,
  kind: 'read',
  method: 'GET',
  path: '/audit',
  summary: 'The books, and whether they balance',
  replies: { 200: Audit },
  problems: {},
  examples: { reply: exampleAudit },
});

/** Besides its workflow's. */
export const shopOperations = { getCatalog, getAudit };
/** The runtime's own, for whichever workflows it has. */
export const systemOperations = { streamEvents, ...alertOperations, ...descriptionOperations };

const {
  submit,
  get,
  list,
  story,
  cancel,
  streamEvents: streamOrderEvents,
  retry,
  skip,
} = orderRunOperations;

/** All that clients may ask. */
export const orchestratorOperations = {
  placeOrder: submit,
  getOrder: get,
  listOrders: list,
  getOrderStory: story,
  cancelOrder: cancel,
  streamOrderEvents,
  ...systemOperations,
  ...shopOperations,
};
/** Operators alone; faults outside production only. */
export const operatorOperations = { retryOrder: retry, skipStep: skip };
export const allOrchestratorOperations = {
  ...orchestratorOperations,
  ...operatorOperations,
  ...searchOperations,
  ...faultOperations,
};
