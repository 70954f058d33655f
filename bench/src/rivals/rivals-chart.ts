/** The picture of the landed figures: the share of the textbook loop's throughput, one bar each. */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { comparedLevel, type Landed, type Row } from './landed.ts';

const path = fileURLToPath(new URL('../../../docs/img/rivals.svg', import.meta.url));
const size = { width: 760, top: 64, row: 30, bar: 18, labels: 250, bars: 420 };
const colour = {
  baton: '#1f6feb',
  kept: '#8b949e',
  lost: '#d0d7de',
  text: '#1f2328',
  faint: '#656d76',
};

const toXml = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');

/** Durable contestants are drawn full, the rest pale. */
function toFill({ isBaton, isDurable }: Row): string {
  if (isBaton) return colour.baton;
  return isDurable ? colour.kept : colour.lost;
}

function drawRow(row: Row, index: number, scale: number): string {
  const { median = 0, lower = 0, upper = 0 } = row.throughput[comparedLevel] ?? {};
  const y = size.top + index * size.row;
  const middle = y + size.bar / 2;
  const toX = (share: number): number => Math.round(size.labels + share * scale);
  const [from, to] = [toX(lower), toX(upper)];
  return `<text x="${size.labels - 10}" y="${middle + 4}" text-anchor="end">${toXml(row.label)}</text>
<rect x="${size.labels}" y="${y}" width="${Math.max(2, toX(median) - size.labels)}" height="${size.bar}" rx="2" fill="${toFill(row)}"/>
<path d="M${from} ${middle}H${to}" stroke="${colour.text}" stroke-width="1.5"/>
<text x="${Math.max(to, toX(median)) + 8}" y="${middle + 4}" fill="${colour.faint}">${median.toFixed(2)}</text>`;
}

export function toSvg(rows: readonly Row[]): string {
  const ordered = rows.toSorted((a, b) => readMedian(b) - readMedian(a));
  const uppers = ordered.map((row) => row.throughput[comparedLevel]?.upper ?? 0);
  const scale = size.bars / Math.max(1, ...uppers);
  const height = size.top + ordered.length * size.row + 34;
  const one = Math.round(size.labels + scale);
  const bottom = height - 30;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size.width} ${height}" width="${size.width}" height="${height}" font-family="system-ui, sans-serif" font-size="13" fill="${colour.text}">
<title>Runs a second of four calls, in ratio to a textbook loop</title>
<rect width="100%" height="100%" fill="#ffffff"/>
<text x="20" y="28" font-size="16" font-weight="600">Runs a second, ${comparedLevel} at a time, in ratio to a textbook loop</text>
<path d="M${one} ${size.top - 10}V${bottom}" stroke="${colour.faint}" stroke-dasharray="3 3"/>
<text x="${one}" y="${size.top - 16}" text-anchor="middle" fill="${colour.faint}">textbook loop</text>
${ordered.map((row, index) => drawRow(row, index, scale)).join('\n')}
<text x="20" y="${height - 10}" fill="${colour.faint}" font-size="12">Blue: Baton. Dark: durable. Pale: nothing is kept. The line is the middle half of the rounds.</text>
</svg>
`;
}

const readMedian = (row: Row): number => row.throughput[comparedLevel]?.median ?? 0;

/** Steps without calls do other work: the picture shows steps with calls. */
export function drawRivals({ rows: { alone: _, ...rows } }: Landed): void {
  writeFileSync(path, toSvg(Object.values(rows)));
}
