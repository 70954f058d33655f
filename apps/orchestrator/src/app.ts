/** The shop's orchestrator: its workflow, its books and its catalogue, on the runtime for any workflow. */
import { join } from 'node:path';
import { shopOperations } from '@baton/contracts';
import * as runtime from '@baton/runtime';
import { type Handlers, mount } from '@baton/service-kit';
import { createBookKeeping } from './books/book-keeping.ts';
import { createCatalog, showCatalog } from './catalog/catalog.ts';
import { createCatalogFile } from './catalog/catalog-file.ts';
import { createPlaceOrder } from './place-order/place-order.ts';

export interface OrchestratorOptions
  extends Omit<runtime.OrchestratorOptions, 'workflows' | 'books' | 'extend' | 'participants'> {
  readonly participants: runtime.Participants;
  /** Where the last known catalogue is kept; without it, it is forgotten with the process. */
  readonly catalogPath?: string | undefined;
}
export type Orchestrator = runtime.Orchestrator;

/** Resolves when every open order was recovered: only then may a port be opened. */
export function createOrchestrator(options: OrchestratorOptions): Promise<Orchestrator> {
  const { participants, catalogPath, traceFolder, keepMs, clock } = options;
  const placeOrder = createPlaceOrder(participants);
  const books = createBookKeeping({
    participants,
    sagas: placeOrder.versions,
    keepMs,
    path: traceFolder && join(traceFolder, 'totals.json'),
    now: clock?.now ?? Date.now,
  });
  return runtime.createOrchestrator({
    ...options,
    workflows: [placeOrder],
    books,
    extend: (running) => {
      const { clock, log, metrics } = running;
      const file = catalogPath === undefined ? undefined : createCatalogFile(catalogPath, log);
      const catalog = createCatalog({ participants, clock, file });
      showCatalog(catalog, metrics);
      const handlers: Handlers<typeof shopOperations> = {
        getCatalog: async ({ signal }) => toAnswer(await catalog.read(signal)),
        getAudit: async ({ signal }) => toAnswer(await books.audit(running, signal)),
      };
      return {
        operations: shopOperations,
        mount: (router) => void mount(router, shopOperations, { log, metrics })(handlers),
        readChecks: () => ({ catalog: catalog.isStale() ? 'stale' : 'fresh' }),
        stop: catalog.stop,
      };
    },
  });
}

const toAnswer = <T>(body: T | undefined) =>
  body === undefined
    ? { problem: 'unavailable' as const, headers: { 'retry-after': '1' } }
    : { status: 200 as const, body };

export { createOrderSaga, createOrderSagas, createPlaceOrder } from './place-order/place-order.ts';
