/** A cell of the matrix in words: how its order ends and why, or why there is no such cell. */
import type { FaultKind, FaultOperation } from '@baton/contracts';
import { type Cell, describeCell, type Impossible, type Matrix } from './cell.ts';
import { type ExpectedEnd, expectedEnd } from './expected-end.ts';

export interface Wanted {
  readonly operation: FaultOperation;
  /** Default: all kinds. */
  readonly kind?: FaultKind | undefined;
}

export function explainCells(matrix: Matrix, { operation, kind }: Wanted): string[] {
  const isWanted = (one: Cell | Impossible) =>
    one.operation === operation && (kind === undefined || one.kind === kind);
  return [
    ...matrix.cells.filter(isWanted).map(toSentences),
    ...new Set(matrix.impossible.filter(isWanted).map(explainGap)),
  ];
}

export function toSentences(cell: Cell): string {
  const end = expectedEnd(cell);
  return `${describeCell(cell)}:\n  ${describeEnd(cell, end)}. ${end.why}`;
}

const explainGap = ({ what, reason }: Impossible): string => `${what}: cannot be. ${reason}`;

/** An undo is never the reason why its order is undone: the circumstance says it. */
function describeEnd({ place }: Cell, end: ExpectedEnd): string {
  const hasCode = end.code !== null && place.direction === 'forward';
  return [
    `${end.status}${hasCode ? ` (${end.code})` : ''}`,
    ...(end.wasStuck ? ['stuck for a while'] : []),
    ...(end.paidBy === 'alternate' ? ['paid at the second provider'] : []),
    ...(end.degraded === 'for a while' ? ['message late'] : []),
    ...(end.degraded === 'for good' ? ['no message'] : []),
  ].join(', ');
}
