/** The table of the landed figures in docs/performance.md, which is written anew with them. */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Spread } from '../ratio.ts';
import { comparedLevel, type Landed, levels, type Row } from './landed.ts';

const path = fileURLToPath(new URL('../../../docs/performance.md', import.meta.url));
/** The only table of the page. */
const table = /^\|[\s\S]*\|$/m;

const toCell = (spread: Spread | undefined): string => (spread ? spread.median.toFixed(2) : '');

function toLine({ label, isDurable, throughput, cpu, p99, memory, bytesPerRun }: Row): string {
  const cells = [
    isDurable ? `**${label}**` : label,
    ...levels.map((level) => toCell(throughput[level])),
    toCell(cpu[comparedLevel]),
    toCell(p99[comparedLevel]),
    memory.toFixed(1),
    bytesPerRun.toFixed(0),
  ];
  return `|${cells.join('|')}|`;
}

/** Without spaces, which would count as words. */
export const toPageTable = ({ rows }: Landed): string =>
  [
    `|at a time|${levels.join('|')}|CPU|p99|memory|bytes|`,
    `|---|${'--:|'.repeat(levels.length + 4)}`,
    ...Object.values(rows).map(toLine),
  ].join('\n');

export const readPage = (): string => readFileSync(path, 'utf8');

export function writePage(landed: Landed): void {
  writeFileSync(
    path,
    readPage().replace(table, () => toPageTable(landed)),
  );
}
