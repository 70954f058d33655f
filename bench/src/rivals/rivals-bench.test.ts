import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { listAims, toAimLine } from './aims.ts';
import { type Row, readLanded, toLeast } from './landed.ts';
import { startContestant, startParticipants } from './measured-contestant.ts';
import { toQuickReport, toTable } from './rivals-bench.ts';
import { toSvg } from './rivals-chart.ts';
import { readPage, toPageTable } from './rivals-page.ts';

function toRow(label: string, share: number): Row {
  const spread = { median: share, lower: share * 0.9, upper: share * 1.1 };
  const ratios = { 1: spread, 16: spread, 64: spread, 256: spread };
  return {
    label,
    version: 'v1',
    isDurable: true,
    isBaton: label === 'engine',
    throughput: ratios,
    p99: ratios,
    cpu: ratios,
    memory: 1.5,
    bytesPerRun: 1_500,
  };
}
const rows = { engine: toRow('engine', 1.2), restate: toRow('restate', 0.2) };

it('is lost where the engine is plainly slower than what was landed', () => {
  const least = toLeast({ rows });
  expect(least).toBeCloseTo(1.2 * 0.85);
  expect(
    toQuickReport(
      Array.from({ length: 20 }, () => 1),
      least,
    ).holds,
  ).toBe(false);
  expect(
    toQuickReport(
      Array.from({ length: 20 }, () => 1.1),
      least,
    ).holds,
  ).toBe(true);
});

it('is not lost where rounds are too far apart to tell', () => {
  expect(toQuickReport([0.9, 0.9, 0.9, 1.2, 1.2], 1).holds).toBe(true);
});

it('asks for nothing where nothing was landed', () => {
  expect(toLeast(undefined)).toBe(0);
});

it('holds the engine against those that were measured, and leaves out what was not', () => {
  const lines = listAims(rows).map(toAimLine).join('\n');
  expect(lines).toContain('1.20  the engine to the textbook loop, 64 at a time; NOT at least 1.3');
  expect(lines).toContain('6.00  engine to restate, 64 at a time; at least 5');
  expect(lines).not.toContain('undefined');
});

it('says why a row is left out', () => {
  const table = toTable(rows, new Map([['Temporal', 'there is no Go']]));
  expect(table.join('\n')).toMatch(/Temporal +left out: there is no Go/);
});

it('shows on its page what was landed', () => {
  const landed = readLanded();
  expect(landed && readPage().includes(toPageTable(landed))).toBe(true);
});

it('draws the fastest first', () => {
  const svg = toSvg([rows.restate, rows.engine]);
  expect(svg.indexOf('>engine<')).toBeLessThan(svg.indexOf('>restate<'));
  expect(svg).toContain('>1.20<');
});

it('places runs of real calls, weighs what they leave, and ends what it started', async () => {
  const parent = mkdtempSync(join(tmpdir(), 'baton-rivals-'));
  const { url: participantsUrl, end } = await startParticipants();
  const engine = await startContestant('engine', { parent, participantsUrl });
  const { perSecond, p99Ms } = await engine.load(4, 0.2);
  expect(perSecond).toBeGreaterThan(0);
  expect(p99Ms).toBeGreaterThan(0);
  const { runs, diskBytes, memoryBytes } = await engine.weigh();
  expect(runs).toBeGreaterThanOrEqual(4);
  expect(diskBytes).toBeGreaterThan(runs * 100);
  expect(memoryBytes).toBeGreaterThan(1e6);
  await Promise.all([engine.end(), end()]);
  rmSync(parent, { recursive: true });
});

it('says what a contestant lacks', async () => {
  const parent = mkdtempSync(join(tmpdir(), 'baton-rivals-'));
  const lost = startContestant('transport', { parent, participantsUrl: 'nowhere' });
  await expect(lost).rejects.toThrow('Invalid URL');
  rmSync(parent, { recursive: true });
});
