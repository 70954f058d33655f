/** How an order ended against how it had to: every difference in words; none is the only good verdict. */
import { listedParticipants, mapParticipants, type ParticipantName } from '@baton/contracts';
import { type RunView, readWay, toStatus } from '@baton/saga';
import { z } from 'zod';
import type { BreakableSystem } from './breakable-system.ts';
import type { Cell, Place } from './cell.ts';
import { type ExpectedEnd, expectedEnd } from './expected-end.ts';
import type { Entry, Ledger } from './ledger.ts';
import { mugs } from './workflow.ts';

export interface Ended {
  readonly cell: Cell;
  readonly orderId: string;
  /** Undefined when the order did not end. */
  readonly run: RunView | undefined;
}
export type Ledgers = Readonly<Record<ParticipantName, Ledger>>;
/** An amount in the participant's unit. */
export type Sizes = Readonly<Record<ParticipantName, number>>;

/** What a completed order moves. */
interface Moves {
  readonly sizes: Sizes;
  /** The payment providers, by the way of the step: only one of them is paid. */
  readonly providers: ReadonlyMap<ParticipantName, Place['way']>;
}

interface Books {
  readonly ledgers: Ledgers;
  readonly moves: Moves;
}

export function judge(ended: Ended, system: BreakableSystem, books: Books): string[] {
  const { cell, orderId, run } = ended;
  if (!run) return ['it came to no end'];
  const expected = expectedEnd(cell);
  return [
    ...findWrongEnd(run, expected),
    ...findWrongBooks(orderId, expected, books),
    ...findIdleFault(cell, run, system.countHits(orderId, cell.operation, cell.kind)),
  ];
}

function findWrongEnd(run: RunView, expected: ExpectedEnd): string[] {
  const { state, events } = run;
  const found = {
    status: toStatus(state),
    code: state.reason?.code ?? null,
    degraded: toDegraded(run),
    'was stuck': events.some((event) => 'exhausted' in event && event.exhausted),
  };
  const { status, code, degraded, wasStuck } = expected;
  return compare(found, { status, code, degraded, 'was stuck': wasStuck });
}

/** By the steps after the payment: deferred and done afterwards, or never done. */
function toDegraded({ saga, state }: RunView): ExpectedEnd['degraded'] {
  if (state.phase !== 'completed') return 'no';
  const later = saga?.plan.filter(({ kind }) => kind === 'later') ?? [];
  const isDone = later.every(({ first, alternate }) =>
    [first, ...(alternate ? [alternate] : [])].some(
      ({ name }) => readWay(state, name).result === 'ok',
    ),
  );
  if (!isDone) return 'for good';
  return state.deferred.length > 0 ? 'for a while' : 'no';
}

/** A mug's price in the order service's catalogue. */
const priceMinor = 1_200;

const Charge = z.object({ amount: z.object({ amountMinor: z.int() }) });

/** By the catalogue and the workflow; otherwise, as much as an unharmed order moved. */
export function toMoves(unharmed: Sizes, places: readonly Place[]): Moves {
  const charges = places.filter(
    ({ pivot, direction }) => pivot === 'at' && direction === 'forward',
  );
  const { amountMinor } = Charge.parse(charges[0]?.body).amount;
  const providers = new Map(
    listedParticipants.flatMap(({ name, faultPrefix }) => {
      const charge = charges.find(({ operation }) => operation.startsWith(`${faultPrefix}.`));
      return charge ? [[name, charge.way] as const] : [];
    }),
  );
  const known: Partial<Record<ParticipantName, number>> = {
    'order-service': mugs * priceMinor,
    'inventory-service': mugs,
    'notification-service': 1,
  };
  const sizes = mapParticipants(({ name }) =>
    providers.has(name) ? amountMinor : (known[name] ?? unharmed[name]),
  );
  return { sizes, providers };
}

/** The effects of an order that stand. */
export const readSizes = (orderId: string, ledgers: Ledgers): Sizes =>
  mapParticipants(({ name }) =>
    (ledgers[name].get(orderId) ?? []).reduce((sum, { size }) => sum + size, 0),
  );

/** Judges the participants' tables: the order's effects, and that no key was done or undone twice. */
function findWrongBooks(orderId: string, expected: ExpectedEnd, books: Books): string[] {
  const { ledgers, moves } = books;
  const toTimes = (name: ParticipantName): number => {
    if (name === 'notification-service') return expected.messages;
    const way = moves.providers.get(name);
    const isDone = way ? way === expected.paidBy : expected.status === 'completed';
    return isDone ? 1 : 0;
  };
  const wanted = mapParticipants(({ name }) => moves.sizes[name] * toTimes(name));
  const twice = listedParticipants
    .flatMap(({ name }): readonly Entry[] => ledgers[name].get(orderId) ?? [])
    .filter(({ effects, undos }) => effects !== 1 || undos > 1)
    .map(({ key, effects, undos }) => `${key} was done ${effects} times, undone ${undos} times`);
  return [...compare(readSizes(orderId, ledgers), wanted), ...twice];
}

/** A fault that did not act proves nothing: it must stand in the service's log, and in the order's timeline. */
function findIdleFault({ operation, kind, faults }: Cell, run: RunView, hits: number): string[] {
  const times = Number(/times=(\d+)/.exec(faults.at(-1) ?? '')?.[1]);
  const note = `injected ${operation}:${kind}`;
  const isTold = run.events.some((event) => 'note' in event && event.note === note);
  return [
    ...(hits >= times ? [] : [`the fault acted ${hits} times, not ${times}`]),
    ...(isTold ? [] : ['its timeline does not tell of the fault']),
  ];
}

const compare = (
  found: Readonly<Record<string, unknown>>,
  wanted: Readonly<Record<string, unknown>>,
): string[] =>
  Object.keys(wanted).flatMap((name) =>
    found[name] === wanted[name] ? [] : [`${name}: ${found[name]}, not ${wanted[name]}`],
  );
