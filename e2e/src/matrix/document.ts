/** The matrix as a page: docs/failure-matrix.md. Its sentences are printed on demand (sentences.ts). */
import { createHash } from 'node:crypto';
import type { FaultOperation } from '@baton/contracts';
import { type Cell, type Impossible, type Lasting, lastings, listCalled } from './cell.ts';
import { type ExpectedEnd, expectedEnd } from './expected-end.ts';
import { type Moment, moments } from './fault-facts.ts';
import type { PlayedMatrix } from './play-matrix.ts';
import { toSentences } from './sentences.ts';

export const document = new URL('../../../docs/failure-matrix.md', import.meta.url);

type Cells = readonly Cell[];

export function toDocument({ played, impossible }: PlayedMatrix): string {
  const cells = played.map(({ cell }) => cell);
  return [
    '<!-- Written by `npm run matrix`. Do not edit: a test plays every cell again, and compares this page.',
    `Its sentences: ${digest(cells.map(toSentences))} -->`,
    ...toIntroduction(cells, impossible.length),
    ...lastings.flatMap((lasting) => toGrid(lasting, cells, listCalled(cells))),
    ...toReading(),
    ...toImpossible(impossible),
    '',
  ].join('\n');
}

/** Notices a sentence that changes without its sign. */
const digest = (sentences: readonly string[]): string =>
  createHash('sha256').update(sentences.join('\n')).digest('hex').slice(0, 16);

interface Sign {
  readonly sign: string;
  readonly meaning: string;
  readonly fits: (end: ExpectedEnd) => boolean;
}

/** The first that fits. */
const allSigns: readonly Sign[] = [
  { sign: '⟳', meaning: '**compensated**, after an undo was stuck', fits: (end) => end.wasStuck },
  {
    sign: '↶',
    meaning: '**compensated**: nothing is held, no money kept',
    fits: ({ status }) => status === 'compensated',
  },
  {
    sign: '…',
    meaning: '**completed**, the message late',
    fits: ({ degraded }) => degraded === 'for a while',
  },
  {
    sign: '∅',
    meaning: '**completed**, without the message',
    fits: ({ degraded }) => degraded === 'for good',
  },
  {
    sign: '⇄',
    meaning: '**completed**, paid at the second provider',
    fits: ({ paidBy }) => paidBy === 'alternate',
  },
  {
    sign: '✓',
    meaning: '**completed**',
    fits: ({ status }) => status === 'completed',
  },
];

function toSign(cell: Cell): string {
  const end = expectedEnd(cell);
  return allSigns.find(({ fits }) => fits(end))?.sign ?? '?';
}

function toIntroduction(cells: Cells, impossible: number): string[] {
  const signs = cells.map(toSign);
  return [
    ...`
# The failure matrix

Each call of an order can fail in many ways. For each of ${cells.length} failures, a test places an order over real HTTP with that single
fault, and judges how the order ends. ${impossible} combinations cannot happen.

| | the order is | orders |
| --- | --- | --- |`.split('\n'),
    ...allSigns
      .map(({ sign, meaning }) => {
        const count = signs.filter((one) => one === sign).length;
        return `|${sign}|${meaning}|${count}|`;
      })
      .reverse(),
    ...`
The sentences of a cell, and its error code, are printed on demand:

\`\`\`sh
npm run matrix -- payment.process lost-reply
\`\`\``.split('\n'),
  ];
}

const titles: Readonly<Record<Lasting, string>> = {
  once: 'The fault hits one attempt',
  'until given up': 'The fault hits every attempt until Baton gives up',
};

function toGrid(lasting: Lasting, all: Cells, called: readonly FaultOperation[]): string[] {
  const cells = all.filter((cell) => cell.lasting === lasting);
  const operations = called.map((operation) => operation.replace('.', '<br>'));
  return [
    '',
    `## ${titles[lasting]}`,
    '',
    `|fault|commit|${operations.join('|')}|`,
    `|---|---|${called.map(() => ':-:').join('|')}|`,
    ...moments.flatMap((moment) => toRows(moment, cells, called)),
  ];
}

function toRows(moment: Moment, all: Cells, called: readonly FaultOperation[]): string[] {
  const rows = Map.groupBy(
    all.filter((cell) => cell.moment === moment),
    ({ kind, facts }) => (kind === 'decline' ? kind : facts.name),
  );
  return [...rows].map(([name, cells]) => {
    const columns = called.map((operation) => {
      const here = cells.filter((cell) => cell.operation === operation);
      // One sign, unless its cases end differently.
      return [...new Set(here.map(toSign))].join('') || ' ';
    });
    return `|${name.padEnd(17)}|${moment.padEnd(6)}|${columns.join('|')}|`;
  });
}

const toReading = (): string[] =>
  `
## How to read it

- **Commit**: before the service's commit nothing was done, after it all was. [Faults](faults.md) describes the kinds.
- **One sign, several orders.** An undo is played with its effect known, with its effect present and the replies lost, and with no effect. The
  second provider is played after the first provider acted, and after it did not. A decline is played with each code. A cell has more than one sign where these end differently.
- **The judge.** [expected-end.ts](../e2e/src/matrix/expected-end.ts) says how each order must end, and shares no code with the orchestrator. The fault
  must be in the service's log and in the order's timeline, and the services' tables must agree: one provider was paid once, or all is undone.
- **Stuck**: each of these orders settled without help.
- **Unlike production**: waits are short, Baton gives up after two attempts, breakers never open, and a crash closes the service's file within
  one process. [Chaos](../scripts/chaos.ts) kills real processes.
- E-mail and SMS share one operation, so a fault hits both; [stories.ts](../e2e/src/stories.ts) breaks one alone.`.split(
    '\n',
  );

function toImpossible(impossible: readonly Impossible[]): string[] {
  const rows = Map.groupBy(impossible, ({ reason }) => reason);
  return [
    '',
    '<details><summary>What cannot happen, and why</summary>',
    '',
    ...[...rows].map(([reason, same]) => {
      const what = [...new Set(same.map((one) => one.what))].join('; ');
      return `- ${what} (${same.length}): ${reason}`;
    }),
    '',
    '</details>',
  ];
}
