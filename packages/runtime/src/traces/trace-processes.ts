/**
 * Which processes have worked on the journal, and since when: a span names the process that it began in, whichever
 * process sends it. So two orchestrators differ, and a span that is sent again after a crash is the same, byte for byte.
 */
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { type Log, recallResource, type Tracing } from '@baton/telemetry';
import { z } from 'zod';

type Resource = Tracing['resource'];

export interface TraceProcesses {
  /** The process that worked on the journal at this time, in milliseconds since the epoch. */
  readonly find: (at: number) => Resource;
}

const Known = z.array(
  z.object({
    /** In milliseconds since the epoch. */
    since: z.number(),
    attributes: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
  }),
);

/** What is older has been sent, or is named after the oldest that is kept. */
const keptMax = 100;

/** Adds this process, which may commit from now on. If the file is lost, spans that are sent again appear twice. */
export function openTraceProcesses(
  path: string | undefined,
  { since, resource }: { readonly since: number; readonly resource: Resource },
  log: Pick<Log, 'warn'>,
): TraceProcesses {
  const attributes = Known.element.shape.attributes.parse(resource.attributes);
  const known = [...readKnown(path), { since, attributes }].slice(-keptMax);
  if (path !== undefined) save(path, JSON.stringify(known), log);
  const processes = known.map((one) => ({ ...one, resource: recallResource(one.attributes) }));
  return {
    find: (at) =>
      (processes.findLast((one) => one.since <= at) ?? processes[0])?.resource ?? resource,
  };
}

function readKnown(path: string | undefined): z.infer<typeof Known> {
  if (path === undefined) return [];
  try {
    return Known.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch {
    return [];
  }
}

function save(path: string, text: string, log: Pick<Log, 'warn'>): void {
  try {
    writeFileSync(`${path}.new`, text, { mode: 0o600 });
    renameSync(`${path}.new`, path);
  } catch (error) {
    log.warn({ err: error }, 'which process traces are from could not be written');
  }
}
