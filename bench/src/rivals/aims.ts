/** Baton's aims, as ratios that one run measured side by side. */
import { comparedLevel, type Level, type Row } from './landed.ts';

export type Rows = Readonly<Record<string, Row>>;

interface Aim {
  readonly text: string;
  readonly measured: number;
  readonly least: number;
}

const readShare = (rows: Rows, name: string, level: Level): number =>
  rows[name]?.throughput[level]?.median ?? Number.NaN;

/** A row that was left out says nothing of its aim. */
export function listAims(rows: Rows): Aim[] {
  const toTextbook = (level: Level, least: number): Aim => ({
    text: `the engine to the textbook loop, ${level} at a time`,
    measured: readShare(rows, 'engine', level),
    least,
  });
  const compare = (name: string, other: string, least: number): Aim => ({
    text: `${rows[name]?.label} to ${rows[other]?.label}, ${comparedLevel} at a time`,
    measured: readShare(rows, name, comparedLevel) / readShare(rows, other, comparedLevel),
    least,
  });
  return [
    toTextbook(1, 0.5),
    toTextbook(64, 1.3),
    toTextbook(256, 1.3),
    compare('engine', 'transport', 0.9),
    compare('engine', 'restate', 5),
    compare('engine', 'dbos', 8),
    compare('engine', 'temporal', 60),
    compare('apps', 'engine', 0.5),
  ].filter(({ measured }) => !Number.isNaN(measured));
}

export const toAimLine = ({ text, measured, least }: Aim): string =>
  `  ${measured.toFixed(2).padStart(6)}  ${text}; ${measured >= least ? '' : 'NOT '}at least ${least}`;
