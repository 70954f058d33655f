/** The matrix as a page to read: docs/failure-matrix.md. */
import { type FaultOperation, findFaultContract } from '@baton/contracts';
import {
  type Cell,
  CIRCUMSTANCES,
  type Circumstance,
  type Impossible,
  listCalled,
} from './cell.ts';
import { type ExpectedEnd, expectedEnd } from './expected-end.ts';
import type { PlayedMatrix } from './play-matrix.ts';

export const DOCUMENT = new URL('../../../docs/failure-matrix.md', import.meta.url);

type Cells = readonly Cell[];

export function toDocument({ played, impossible, steps }: PlayedMatrix): string {
  const cells = played.map(({ cell }) => cell);
  return [
    '<!-- Written by `npm run matrix`. Do not edit: a test plays every row again. -->',
    ...toIntroduction(cells, impossible.length, steps),
    ...listCalled(cells).flatMap((operation) => toSection(operation, cells)),
    ...toImpossible(impossible),
    '',
  ].join('\n');
}

function toIntroduction(cells: Cells, impossible: number, steps: readonly string[]): string[] {
  const ends = cells.map(expectedEnd);
  const count = (is: (end: ExpectedEnd) => boolean) => ends.filter(is).length;
  return `
# The failure matrix

**${cells.length} ways to fail, each played; ${impossible} combinations that cannot be, each with the reason.**

| of the ${cells.length} orders | |
| --- | --- |
| completed | ${count(({ status }) => status === 'completed')} |
| … of these paid by the second provider | ${count(({ paidBy }) => paidBy === 'alternate')} |
| … the message came late, or never | ${count(({ degraded }) => degraded === 'for a while')}, ${count(({ degraded }) => degraded === 'for good')} |
| compensated: undone, nothing held, nothing kept | ${count(({ status }) => status === 'compensated')} |
| … of these stuck for a while, then settled by themselves | ${count(({ wasStuck }) => wasStuck)} |
| neither | 0 |

An order passes through the steps ${steps.join(', ')}, and each is a call to another program. A call can fail in more
ways than "it failed": the request never arrived; it arrived and the answer was lost; it arrived *after* the caller had given up. The
caller often cannot tell these apart, and that is what the orchestrator pattern has to survive. This page goes through all of it.

Each row is an order that was really placed, over real HTTP, with one fault switched on for it alone (one order in each case, where a row has cases):

- **what** broke ([all kinds of faults](faults.md)), and on which side of the service's **commit**: before it nothing was done, after it all was;
- **how long**: \`once\`, so that the next attempt finds all well, or \`until given up\`, when it heals only after the orchestrator has stopped trying;
- on the way **forward**, or on the way back, in an **undo**. Undos run only when something else went wrong before: the cases say what.

How the order must end follows from a rule of a few lines that shares no code with the orchestrator
([expected-end.ts](../e2e/src/matrix/expected-end.ts)). The row counts as played only if the fault is found in the service's log and in the order's
timeline, and if the services' own tables agree: nothing was done twice, and

- **completed**: the stock is held, and the money was taken exactly once, by one provider;
- **compensated**: no stock is held and no money kept, whatever was done on the way. The code says why.

*Stuck* means that an undo was refused, or failed as often as it may. The order says what it owes, and goes on trying: all of
these settled without anybody's help once the service answered again.

Email and SMS are sent by the same operation, so a fault here breaks both; that one steps in for the other is played in
[stories.ts](../e2e/src/stories.ts).

What is not as in production: waits are shortened, a call is given up after two attempts, and one that is kept waiting ends soon after the fault
began. A crash closes the service's file and cuts every connection, then the service comes back from its file, all in one process
(real ones are killed in [kill.test.ts](../e2e/src/kill.test.ts)). Circuit breakers never open: hundreds of faults at once would
open them all. A service that is not there at all is no fault of this list, since nothing is sent: see the scripted orders.`.split(
    '\n',
  );
}

function toSection(operation: FaultOperation, all: Cells): string[] {
  const cells = all.filter((cell) => cell.operation === operation);
  const [first] = cells;
  if (!first) return [];
  const { place } = first;
  const circumstances = [...new Set(cells.map(({ circumstance }) => circumstance))];
  const what =
    place.direction === 'undo' ? `the undo of step \`${place.step}\`` : `step \`${place.step}\``;
  const hasCases = circumstances.length > 1;
  return [
    '',
    `## \`${operation}\``,
    '',
    `${findFaultContract(operation).summary}: ${what}${place.way === 'alternate' ? ', by the second provider' : ''}. ${cells.length} cells.`,
    ...toCases(circumstances),
    '',
    `| fault | commit | lasts | ${hasCases ? 'case | ' : ''}the order ends | why |`,
    `| --- | --- | --- | ${hasCases ? '--- | ' : ''}--- | --- |`,
    ...toRows(cells, circumstances),
  ];
}

const letters = 'ABC';
const toLetter = (circumstance: Circumstance, all: readonly Circumstance[]): string =>
  letters[all.indexOf(circumstance)] ?? '';

const toCases = (circumstances: readonly Circumstance[]): string[] =>
  circumstances.length === 1
    ? circumstances
        .filter((one) => one !== 'alone')
        .flatMap((one) => ['', `Where ${CIRCUMSTANCES[one]}.`])
    : [
        '',
        ...circumstances.map(
          (one) => `- case ${toLetter(one, circumstances)}: ${CIRCUMSTANCES[one]}`,
        ),
      ];

/** What ends alike, for the same reason, is one row. */
function toRows(cells: Cells, circumstances: readonly Circumstance[]): string[] {
  const rows = Map.groupBy(cells, (cell) => {
    const { facts, moment, lasting } = cell;
    const end = expectedEnd(cell);
    return JSON.stringify([facts.name, moment, lasting, describeEnd(cell, end), end.why]);
  });
  return [...rows].map(([row, same]) => {
    const [name, moment, lasting, end, why] = JSON.parse(row);
    const cases = same.map(({ circumstance }) => toLetter(circumstance, circumstances)).join(' ');
    const columns = [name, moment, lasting, ...(circumstances.length > 1 ? [cases] : []), end, why];
    return `| ${columns.join(' | ')} |`;
  });
}

/** Why an order is undone, an undo has no part in: the cases say it. */
function describeEnd({ place }: Cell, end: ExpectedEnd): string {
  const hasCode = end.code !== null && place.direction === 'forward';
  const details = [
    ...(hasCode ? [`\`${end.code}\``] : []),
    ...(end.wasStuck ? ['stuck for a while'] : []),
    ...(end.paidBy === 'alternate' ? ['second provider'] : []),
    ...(end.degraded === 'for a while' ? ['message late'] : []),
    ...(end.degraded === 'for good' ? ['no message'] : []),
  ];
  return `**${end.status}**${details.length > 0 ? `: ${details.join(', ')}` : ''}`;
}

function toImpossible(impossible: readonly Impossible[]): string[] {
  const rows = Map.groupBy(impossible, ({ reason }) => reason);
  return [
    '',
    '## What cannot happen',
    '',
    'A cell stands for an operation, a kind of fault, a side of the commit, how long it lasts, and a case. These cells are empty.',
    '',
    '| what | why not | cells |',
    '| --- | --- | --- |',
    ...[...rows].map(([reason, same]) => {
      const what = [...new Set(same.map((one) => one.what))].join('; ');
      return `| ${what} | ${reason} | ${same.length} |`;
    }),
  ];
}
