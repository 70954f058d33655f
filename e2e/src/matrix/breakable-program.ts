/** A participant behind a real port that can be broken on purpose, and killed: it comes back from its file. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createSaboteur } from '@baton/faults';
import { createInventoryService } from '@baton/inventory-service';
import { createNotificationService } from '@baton/notification-service';
import { createOrderService } from '@baton/order-service';
import { createPaymentService } from '@baton/payment-service';
import type { Interceptor, Participant, Saboteur } from '@baton/service-kit';
import { createMetrics, type Log } from '@baton/telemetry';
import { stop } from '../five-apps.ts';
import { recordMoves } from './ledger.ts';

export const PROGRAMS = {
  order: { create: createOrderService, name: 'order-service' },
  inventory: { create: createInventoryService, name: 'inventory-service' },
  payment: { create: createPaymentService, name: 'payment-service' },
  'payment-alternate': { create: createPaymentService, name: 'payment-alternate' },
  notification: { create: createNotificationService, name: 'notification-service' },
} as const;
export type Program = keyof typeof PROGRAMS;

export interface BreakableProgram {
  readonly url: string;
  /** Another one after each crash. */
  readonly participant: () => Participant;
  close(): Promise<void>;
}

export interface BreakableOptions {
  readonly folder: string;
  readonly faultsFile: string;
  readonly log: Log;
  /** A request came through to the business, if only after its caller had gone. */
  readonly onArrival: (arrival: string) => void;
}

/** One attempt at one operation, as the saboteur's log names it. */
export const toArrival = (operation: unknown, orderId: unknown, attempt: unknown): string =>
  `${operation} ${orderId} ${attempt}`;

export async function startBreakable(
  program: Program,
  { folder, faultsFile, log, onArrival }: BreakableOptions,
): Promise<BreakableProgram> {
  const { create, name } = PROGRAMS[program];
  const open = (): Participant => {
    const path = join(folder, `${program}.sqlite`);
    const opened = create({ path, log, metrics: createMetrics(name), intercept });
    recordMoves(program, opened.store.db);
    return opened;
  };
  /** As `kill -9` and a supervisor at once: every connection is cut, and only the file is left. */
  const crash = (): void => {
    participant.close();
    server.closeAllConnections();
    participant = open();
  };
  const saboteur = await createSaboteur({ file: faultsFile, name, log, crash });
  const intercept = noteArrivals(saboteur, program, onArrival);
  let participant = open();
  const server = createServer((request, response) => participant.app(request, response));
  const url = await listen(server);
  return {
    url,
    participant: () => participant,
    close: async () => {
      await saboteur.close();
      await stop(server);
      participant.close();
    },
  };
}

const noteArrivals =
  ({ intercept }: Saboteur, program: Program, onArrival: (arrival: string) => void): Interceptor =>
  (call) => {
    const { orderId, attempt, proceed } = call;
    const operation = call.operation.name.replace(/^[^.]+/, program);
    const note = async (decline?: Parameters<typeof proceed>[0]) => {
      const answer = await proceed(decline);
      onArrival(toArrival(operation, orderId, attempt));
      return answer;
    };
    return intercept({ ...call, proceed: note });
  };

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // A TCP server's address is never a pipe's.
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
