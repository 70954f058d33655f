/** The figures that were landed last: changes are compared with them, and the page's picture shows them. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';

export const levels = [1, 16, 64, 256] as const;
export type Level = (typeof levels)[number];

const Spread = z.object({ median: z.number(), lower: z.number(), upper: z.number() });
const Row = z.object({
  label: z.string(),
  version: z.string(),
  isDurable: z.boolean(),
  isBaton: z.boolean(),
  /** By runs at a time; each is a ratio to the textbook loop beside it. */
  throughput: z.record(z.string(), Spread),
  p99: z.record(z.string(), Spread),
  /** Processor time for a run, without the participants; for the five apps, of everything. */
  cpu: z.record(z.string(), Spread),
  memory: z.number(),
  bytesPerRun: z.number(),
});
export type Row = z.output<typeof Row>;
export const Landed = z.object({ rows: z.record(z.string(), Row) });
export type Landed = z.output<typeof Landed>;

const path = fileURLToPath(new URL('../../rivals/landed.json', import.meta.url));
/** A smaller loss is the machine's. */
const lossMax = 0.15;
/** The level that is compared. */
export const comparedLevel: Level = 64;

export function readLanded(): Landed | undefined {
  return existsSync(path) ? Landed.parse(JSON.parse(readFileSync(path, 'utf8'))) : undefined;
}

/** As it was written: rounded. */
export function writeLanded(landed: Landed): Landed {
  const text = JSON.stringify(landed, toRounded, 2);
  writeFileSync(path, `${text}\n`);
  return Landed.parse(JSON.parse(text));
}

const toRounded = (_key: string, value: unknown): unknown =>
  typeof value === 'number' ? Number(value.toPrecision(3)) : value;

/** The smallest good ratio of the engine. 0 where nothing was landed. */
export const toLeast = (landed: Landed | undefined): number =>
  (landed?.rows.engine?.throughput[comparedLevel]?.median ?? 0) * (1 - lossMax);
