/** Every participant behind a real port, with faults on purpose, and its effects for each order. */
import { join } from 'node:path';
import {
  type FaultOperation,
  faultableOperations,
  findFaultContract,
  type ListedParticipant,
  listedParticipants,
  type ParticipantName,
} from '@baton/contracts';
import { createSaboteur, type FaultControl, openFaultControl } from '@baton/faults';
import { createClient, type Exchange, type Participant, type Reply } from '@baton/service-kit';
import { listen } from '@baton/service-kit/testing';
import { createLog, createMetrics } from '@baton/telemetry';
import { findProgram } from './programs.ts';

export interface Sent {
  readonly attempt?: number;
  readonly baggage?: string;
  readonly timeoutMs?: number;
}
export interface Answered {
  readonly reply: Reply<unknown>;
  readonly exchange: Exchange;
  readonly elapsedMs: number;
}
export interface BrokenServices {
  readonly control: FaultControl;
  /** What participants logged, parsed. */
  readonly logged: readonly Record<string, unknown>[];
  readonly crashes: () => number;
  send(operation: FaultOperation, orderId: string, sent?: Sent): Promise<Answered>;
  countStanding(operation: FaultOperation, orderId: string): number;
  /** Stock that is held without a reservation, or the other way round. */
  findStockFault(): number;
  close(): Promise<void>;
}

interface Running {
  readonly participant: Participant;
  readonly url: string;
  close(): Promise<void>;
}

export async function startBrokenServices(folder: string): Promise<BrokenServices> {
  const file = join(folder, 'faults.json');
  const logged: Record<string, unknown>[] = [];
  let crashes = 0;
  const log = createLog('broken', 'warn', { write: (line) => logged.push(JSON.parse(line)) });
  const control = await openFaultControl({ file, log });
  const start = async (listed: ListedParticipant): Promise<[ParticipantName, Running]> => {
    const { name } = listed;
    const crash = () => {
      crashes += 1;
    };
    const saboteur = await createSaboteur({ file, name, log, crash });
    const { intercept } = saboteur;
    const participant = findProgram(listed).createService({
      path: ':memory:',
      log,
      metrics: createMetrics(name),
      intercept,
    });
    const { url, close } = await listen(participant.app);
    const end = async () => {
      await saboteur.close();
      await close();
      participant.close();
    };
    return [name, { participant, url, close: end }];
  };
  const running = new Map(await Promise.all(listedParticipants.map(start)));
  const find = (name: ParticipantName): Running => {
    const found = running.get(name);
    if (!found) throw new Error(`${name} does not run`);
    return found;
  };
  const count = (name: ParticipantName, sql: string, ...values: string[]) =>
    Number(
      find(name)
        .participant.store.db.prepare(sql)
        .get(...values)?.n,
    );
  const clients = createSenders(control, (operation) => find(findAt(operation).name).url);
  return {
    control,
    logged,
    crashes: () => crashes,
    send: clients.send,
    countStanding: (operation, orderId) => {
      const at = findAt(operation);
      const { standing } = findProgram(at).effectTable;
      return count(
        at.name,
        `SELECT count(*) AS n FROM (${standing}) WHERE key LIKE ?`,
        `${orderId}:%`,
      );
    },
    findStockFault: () =>
      count('inventory-service', 'SELECT coalesce(sum(held), 0) AS n FROM products') -
      count('inventory-service', 'SELECT coalesce(sum(quantity), 0) AS n FROM reserved_lines'),
    close: async () => {
      await clients.close();
      await Promise.all([...running.values()].map(({ close }) => close()));
    },
  };
}

/** The participant that a fault's operation names. */
function findAt(operation: FaultOperation): ListedParticipant {
  const found = listedParticipants.find(({ faultPrefix }) =>
    operation.startsWith(`${faultPrefix}.`),
  );
  if (!found) throw new Error(`${operation} is nobody's`);
  return found;
}

function createSenders(control: FaultControl, toUrl: (operation: FaultOperation) => string) {
  const clients = new Map(
    faultableOperations.map((operation) => [operation, createSender(operation)]),
  );
  function createSender(operation: FaultOperation) {
    const annotate = control.annotateAs(findAt(operation).name);
    const exchanges = new Map<string, Exchange>();
    const client = createClient(
      { ask: findFaultContract(operation) },
      {
        baseUrl: toUrl(operation),
        annotate: (asked) => {
          const toNote = annotate(asked);
          return (exchange) => {
            exchanges.set(`${asked.orderId}#${asked.attempt}`, exchange);
            return toNote(exchange);
          };
        },
      },
    );
    return { client, exchanges };
  }
  const send: BrokenServices['send'] = async (operation, orderId, sent = {}) => {
    const { attempt = 1, baggage, timeoutMs = 5_000 } = sent;
    const sender = clients.get(operation);
    if (!sender) throw new Error(`${operation} has no client`);
    const startedMs = performance.now();
    const reply = await sender.client.ask(toBody(operation, orderId), {
      key: `${orderId}:step`,
      number: attempt,
      signal: AbortSignal.timeout(timeoutMs),
      context: baggage === undefined ? {} : { baggage },
    });
    const elapsedMs = performance.now() - startedMs;
    const exchange = sender.exchanges.get(`${orderId}#${attempt}`);
    if (!exchange) throw new Error(`${operation} was not asked`);
    return { reply, exchange, elapsedMs };
  };
  const close = async () => {
    await Promise.all([...clients.values()].map(({ client }) => client.close()));
  };
  return { send, close };
}

const toBody = (operation: FaultOperation, orderId: string) => ({
  ...Object(findFaultContract(operation).examples.body),
  orderId,
});

/** The effect that an undo undoes; undefined for an effect. */
export function findEffectOf(operation: FaultOperation): FaultOperation | undefined {
  const contract = findFaultContract(operation);
  if (contract.kind === 'effect') return undefined;
  const effect = Object.values(findAt(operation).operations).find(
    (other) => other.kind === 'effect' && other.undo === contract.path,
  );
  const [program] = operation.split('.');
  const [, verb] = effect?.name.split('.') ?? [];
  return faultableOperations.find((name) => name === `${program}.${verb}`);
}
