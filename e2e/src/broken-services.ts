/** Every participant behind a real port, each to be broken on purpose, and what it did to each order. */
import { join } from 'node:path';
import {
  FAULT_OPERATIONS,
  type FaultOperation,
  findFaultContract,
  SERVICE_CONTRACTS,
} from '@baton/contracts';
import { createSaboteur, type FaultControl, openFaultControl } from '@baton/faults';
import { createInventoryService } from '@baton/inventory-service';
import { createNotificationService } from '@baton/notification-service';
import { createOrderService } from '@baton/order-service';
import { createPaymentService } from '@baton/payment-service';
import { createClient, type Exchange, type Participant, type Reply } from '@baton/service-kit';
import { listen } from '@baton/service-kit/testing';
import { createLog, createMetrics } from '@baton/telemetry';

const programs = {
  order: { create: createOrderService, service: 'order-service', name: 'order-service' },
  inventory: {
    create: createInventoryService,
    service: 'inventory-service',
    name: 'inventory-service',
  },
  payment: { create: createPaymentService, service: 'payment-service', name: 'payment-service' },
  'payment-alternate': {
    create: createPaymentService,
    service: 'payment-service',
    name: 'payment-alternate',
  },
  notification: {
    create: createNotificationService,
    service: 'notification-service',
    name: 'notification-service',
  },
} as const;
type Program = keyof typeof programs;

/** Effects of one order that stand. */
const standing: Readonly<Record<Program, string>> = {
  order: "SELECT count(*) AS n FROM orders WHERE order_id = ? AND status = 'validated'",
  inventory: `SELECT count(*) AS n FROM reserved_lines
    JOIN reservations ON reservations.id = reservation_id WHERE order_id = ?`,
  payment: "SELECT count(*) AS n FROM payments WHERE order_id = ? AND status = 'taken'",
  'payment-alternate': "SELECT count(*) AS n FROM payments WHERE order_id = ? AND status = 'taken'",
  notification: 'SELECT count(*) AS n FROM messages WHERE order_id = ?',
};

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
  const start = async (program: Program): Promise<[Program, Running]> => {
    const { create, service, name } = programs[program];
    const crash = () => {
      crashes += 1;
    };
    const saboteur = await createSaboteur({ file, name, log, crash });
    const { intercept } = saboteur;
    const participant = create({
      path: ':memory:',
      log,
      metrics: createMetrics(service),
      intercept,
    });
    const { url, close } = await listen(participant.app);
    const end = async () => {
      await saboteur.close();
      await close();
      participant.close();
    };
    return [program, { participant, url, close: end }];
  };
  const names: readonly Program[] = [
    'order',
    'inventory',
    'payment',
    'payment-alternate',
    'notification',
  ];
  const running = new Map(await Promise.all(names.map(start)));
  const find = (operation: FaultOperation): [Program, Running] => {
    const program = names.find((name) => operation.startsWith(`${name}.`)) ?? 'order';
    const found = running.get(program);
    if (!found) throw new Error(`${program} does not run`);
    return [program, found];
  };
  const clients = createSenders(control, (operation) => find(operation)[1].url);
  const count = (program: Program, sql: string, ...values: string[]) =>
    Number(
      running
        .get(program)
        ?.participant.store.db.prepare(sql)
        .get(...values)?.n,
    );
  return {
    control,
    logged,
    crashes: () => crashes,
    send: clients.send,
    countStanding: (operation, orderId) => {
      const [program] = find(operation);
      return count(program, standing[program], orderId);
    },
    findStockFault: () =>
      count('inventory', 'SELECT coalesce(sum(held), 0) AS n FROM products') -
      count('inventory', 'SELECT coalesce(sum(quantity), 0) AS n FROM reserved_lines'),
    close: async () => {
      await clients.close();
      await Promise.all([...running.values()].map(({ close }) => close()));
      await control.close();
    },
  };
}

function createSenders(control: FaultControl, toUrl: (operation: FaultOperation) => string) {
  const clients = new Map(
    FAULT_OPERATIONS.map((operation) => [operation, createSender(operation)]),
  );
  function createSender(operation: FaultOperation) {
    const [program] = operation.split('.');
    const annotate = control.annotateAs(program === 'payment-alternate' ? program : undefined);
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
  const effect = Object.values(SERVICE_CONTRACTS[contract.service]).find(
    (other) => other.kind === 'effect' && other.undo === contract.path,
  );
  const [program] = operation.split('.');
  const [, verb] = effect?.name.split('.') ?? [];
  return FAULT_OPERATIONS.find((name) => name === `${program}.${verb}`);
}
