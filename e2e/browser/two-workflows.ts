/** An orchestrator of two workflows in this process, neither about a shop's orders. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createOrchestrator, defineWorkflow } from '@baton/runtime';
import { ok, refused, saga } from '@baton/saga';
import { createMemoryJournal } from '@baton/saga/testing';
import { createLog, createMetrics } from '@baton/telemetry';
import { z } from 'zod';

const input = z.strictObject({ guests: z.int() });

const bookTable = saga('book-table', { version: 1, input })
  .step('hold-table', { perform: async () => ok({ table: 7 }), undo: async () => ok({}) })
  .pivot('take-deposit', { perform: async () => ok({ deposit: 'dep_1' }), undo: null })
  .end();

const rentBoat = saga('rent-boat', { version: 1, input })
  .step('reserve-boat', { perform: async () => ok({ boat: 'b_3' }), undo: async () => ok({}) })
  .step('check-weather', { perform: async () => refused('storm'), undo: null })
  .end();

const preset = (title: string) => ({ title, expect: '', body: { guests: 2 } });

export async function openTwoWorkflows(operatorToken?: string) {
  const orchestrator = await createOrchestrator({
    journal: createMemoryJournal(),
    workflows: [
      defineWorkflow({
        noun: 'booking',
        plural: 'bookings',
        idPrefix: 'bkg_',
        input,
        versions: [bookTable],
        presets: [preset('A table for two')],
      }),
      defineWorkflow({
        noun: 'rental',
        plural: 'rentals',
        idPrefix: 'rnt_',
        input,
        versions: [rentBoat],
        presets: [preset('A boat in a storm')],
      }),
    ],
    log: createLog('orchestrator', 'silent'),
    metrics: createMetrics('orchestrator'),
    operatorToken,
  });
  const server = createServer(orchestrator.app);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await orchestrator.stop();
    },
  };
}
