/** Where the workflow calls which operation, found by walking its plan with clients that only note their calls. */
import {
  type FaultOperation,
  faultableOperations,
  findParticipant,
  mapParticipants,
  type Operation,
  type PlaceOrder,
} from '@baton/contracts';
import { createOrderSaga } from '@baton/orchestrator';
import type { Participants } from '@baton/runtime';
import type { PlannedStep, PlannedWay } from '@baton/saga';
import { createClientOver, type Transport } from '@baton/service-kit';
import type { Place } from './cell.ts';

type OrderSaga = ReturnType<typeof createOrderSaga>;
type Tries = PlannedWay['tries'];

export const mugs = 2;
export const matrixOrder: PlaceOrder = {
  customerId: 'ada',
  lines: [{ sku: 'mug', quantity: mugs }],
  payment: { method: 'card', token: 'tok_ok' },
};

/** Enough to see a retry that fails as well; more would only take longer. */
const attemptsAtMost = 2;

/** Far beyond a busy machine's needs: only `Deadlines` ends a call. */
const timeoutMs = 30_000;

const shorten = ({ attemptsMax }: Tries): Tries => ({
  timeoutMs: timeoutMs,
  attemptsMax: Math.min(attemptsMax, attemptsAtMost),
  firstDelayMs: 2,
  factor: 1,
  delayMaxMs: 10,
  budgetMs: Number.POSITIVE_INFINITY,
});

type Perform = PlannedWay['perform'];

/** The same workflow with shorter waits: the matrix is not about their length. */
export function hasten(
  saga: OrderSaga,
  wrap: (perform: Perform) => Perform = (perform) => perform,
): OrderSaga {
  const toWay = ({ tries, perform, undo, ...way }: PlannedWay): PlannedWay => ({
    ...way,
    tries: shorten(tries),
    perform: wrap(perform),
    undo: undo && { tries: shorten(undo.tries), perform: wrap(undo.perform) },
  });
  const plan = saga.plan.map((step) => ({
    ...step,
    first: toWay(step.first),
    alternate: step.alternate && toWay(step.alternate),
  }));
  return { ...saga, plan };
}

/** Every call that a plan may make, in its order. */
export async function findPlaces(): Promise<Place[]> {
  const asked: Asked[] = [];
  const saga = hasten(createOrderSaga(createNotingParticipants(asked)));
  const done: Record<string, unknown> = {};
  const ask = async (way: PlannedWay, perform: Perform) => {
    const attempt = {
      key: 'ord_noted:noted',
      number: 1,
      ordinal: 1,
      signal: AbortSignal.timeout(timeoutMs),
      context: {},
    };
    const reply = await perform({
      id: 'ord_noted',
      input: matrixOrder,
      done,
      output: undefined,
      attempt,
      call: (operation, body) => operation(body, attempt),
    });
    // An undo's answer is not what later steps read.
    if (reply.reply === 'ok' && perform === way.perform) done[way.name] = reply.output;
    const last = asked.pop();
    return { operation: toFaultOperation(way, last?.operation), body: last?.body };
  };
  const places: Place[] = [];
  for (const step of saga.plan) places.push(...(await findStepPlaces(step, ask)));
  return places;
}

interface Asked {
  readonly operation: Operation;
  readonly body: unknown;
}
type Ask = (
  way: PlannedWay,
  perform: Perform,
) => Promise<{ readonly operation: FaultOperation; readonly body: unknown }>;

const pivots = { step: 'before', pivot: 'at', later: 'after' } as const;

async function findStepPlaces(step: PlannedStep, ask: Ask): Promise<Place[]> {
  const { first, alternate } = step;
  const { operation: firstOperation } = await ask(first, first.perform);
  const other = alternate && (await ask(alternate, alternate.perform)).operation;
  const shared = {
    step: step.name,
    pivot: pivots[step.kind],
    hasOtherProvider: other !== null && other !== firstOperation,
    hasOtherChannel: other === firstOperation,
  };
  const toPlaces = async (way: PlannedWay, name: Place['way']): Promise<Place[]> => {
    const { tries, perform, undo } = way;
    const place = {
      ...shared,
      ...(await ask(way, perform)),
      way: name,
      attemptsMax: tries.attemptsMax,
    };
    const forward: Place = { ...place, direction: 'forward' };
    if (!undo) return [forward];
    const { attemptsMax } = undo.tries;
    return [
      forward,
      { ...place, ...(await ask(way, undo.perform)), direction: 'undo', attemptsMax },
    ];
  };
  return [
    ...(await toPlaces(first, 'first')),
    ...(alternate ? await toPlaces(alternate, 'alternate') : []),
  ];
}

/** A second instance of a program has its own name in front. */
function toFaultOperation(way: PlannedWay, asked: Operation | undefined): FaultOperation {
  const prefix = findParticipant(way.participant)?.faultPrefix;
  const [, verb] = asked?.name.split('.') ?? [];
  const found = faultableOperations.find((name) => name === `${prefix}.${verb}`);
  if (!found) throw new Error(`${way.name} calls ${asked?.name}, which no fault can hit`);
  return found;
}

/** The clients answer their contract's example. */
function createNotingParticipants(asked: Asked[]): Participants {
  const transport: Transport = {
    close: async () => {},
    exchange: async ({ operation, body }) => {
      asked.push({ operation, body });
      const answer = { ...Object(operation.examples.reply), ...Object(body) };
      const headers = { 'content-type': 'application/json' };
      const response = { status: 200, headers, text: JSON.stringify(answer), receivedAtMs: 0 };
      return { kind: 'response', response };
    },
  };
  // Made from the list whose types it gets.
  return mapParticipants(({ operations }) =>
    createClientOver(operations, transport),
  ) as unknown as Participants;
}
