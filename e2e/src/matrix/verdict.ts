/** How an order ended against how it had to: every difference in words; none is the only good verdict. */
import { listedParticipants, mapParticipants, type ParticipantName } from '@baton/contracts';
import { type RunView, readWay, toStatus } from '@baton/saga';
import type { BreakableSystem } from './breakable-system.ts';
import type { Cell } from './cell.ts';
import { type ExpectedEnd, expectedEnd } from './expected-end.ts';
import type { Entry, Ledger } from './ledger.ts';
import { MUGS } from './workflow.ts';

export interface Ended {
  readonly cell: Cell;
  readonly orderId: string;
  /** Undefined when it came to no end. */
  readonly run: RunView | undefined;
}
export type Ledgers = Readonly<Record<ParticipantName, Ledger>>;

export function judge(ended: Ended, system: BreakableSystem, ledgers: Ledgers): string[] {
  const { cell, orderId, run } = ended;
  if (!run) return ['it came to no end'];
  const expected = expectedEnd(cell);
  return [
    ...findWrongEnd(run, expected),
    ...findWrongBooks(orderId, expected, ledgers),
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

/** By the steps after the payment: put off and made up for, or never done. */
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

/** What the catalogue of the order service asks for a mug. */
const PRICE_MINOR = 1_200;

/** The participants' own tables: what stands of this order, and nothing done or undone twice under one key. */
function findWrongBooks(orderId: string, expected: ExpectedEnd, ledgers: Ledgers): string[] {
  const isWhole = expected.status === 'completed';
  const value = MUGS * PRICE_MINOR;
  const known: Partial<Record<ParticipantName, number>> = {
    'order-service': isWhole ? value : 0,
    'inventory-service': isWhole ? MUGS : 0,
    'payment-service': expected.paidBy === 'first' ? value : 0,
    'payment-alternate': expected.paidBy === 'alternate' ? value : 0,
    'notification-service': expected.messages,
  };
  const read = (name: ParticipantName): readonly Entry[] => ledgers[name].get(orderId) ?? [];
  const standing = mapParticipants(({ name }) =>
    read(name).reduce((sum, { size }) => sum + size, 0),
  );
  // How much another participant should have moved is not known here.
  const wanted = mapParticipants(({ name }) => known[name] ?? standing[name]);
  const twice = listedParticipants
    .flatMap(({ name }) => read(name))
    .filter(({ effects, undos }) => effects !== 1 || undos > 1)
    .map(({ key, effects, undos }) => `${key} was done ${effects} times, undone ${undos} times`);
  return [...compare(standing, wanted), ...twice];
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
