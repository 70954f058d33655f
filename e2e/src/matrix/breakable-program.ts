/** A participant behind a real port that can be broken on purpose, and killed: it comes back from its file. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { ListedParticipant } from '@baton/contracts';
import { createSaboteur } from '@baton/faults';
import type { Interceptor, Participant, Saboteur } from '@baton/service-kit';
import { createMetrics, type Log } from '@baton/telemetry';
import { stop } from '../five-apps.ts';
import { findProgram } from '../programs.ts';
import { recordMoves } from './ledger.ts';

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
  /** Called when a request reaches the business, if only after its caller had gone. */
  readonly onArrival: (arrival: string) => void;
}

/** One attempt at one operation, as the saboteur's log names it. */
export const toArrival = (operation: unknown, orderId: unknown, attempt: unknown): string =>
  `${operation} ${orderId} ${attempt}`;

export async function startBreakable(
  listed: ListedParticipant,
  { folder, faultsFile, log, onArrival }: BreakableOptions,
): Promise<BreakableProgram> {
  const { name, faultPrefix } = listed;
  const { createService, effectTable } = findProgram(listed);
  const open = (): Participant => {
    const path = join(folder, `${name}.sqlite`);
    const opened = createService({ path, log, metrics: createMetrics(name), intercept });
    recordMoves(effectTable, opened.store.db);
    return opened;
  };
  /** As `kill -9` and a supervisor at once: every connection is cut, and only the file is left. */
  const crash = (): void => {
    participant.close();
    server.closeAllConnections();
    participant = open();
  };
  const saboteur = await createSaboteur({ file: faultsFile, name, log, crash });
  const intercept = noteArrivals(saboteur, faultPrefix, onArrival);
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
  (
    { intercept }: Saboteur,
    faultPrefix: string,
    onArrival: (arrival: string) => void,
  ): Interceptor =>
  (call) => {
    const { orderId, attempt, proceed } = call;
    const operation = call.operation.name.replace(/^[^.]+/, faultPrefix);
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
