/** The participants in this process, with their real stores; a second instance has its own store. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { mapParticipants, type ParticipantName } from '@baton/contracts';
import type { Participant } from '@baton/service-kit';
import { createLog, createMetrics, type Tracing } from '@baton/telemetry';
import { findProgram } from './programs.ts';

export type Services = Readonly<Record<ParticipantName, Participant>>;

/** Of each participant, by its name. */
export type OpenTracing = (participant: string) => Tracing;

/** Opens the stores in a folder; default: in memory. */
export function openServices(
  folder: string | null,
  now: () => number,
  openTracing?: OpenTracing,
): Services {
  if (folder !== null) mkdirSync(folder, { recursive: true });
  return mapParticipants((participant) =>
    findProgram(participant).createService({
      path: folder === null ? ':memory:' : join(folder, `${participant.name}.sqlite`),
      log: createLog(participant.name, 'silent'),
      metrics: createMetrics(participant.name),
      tracing: openTracing?.(participant.name),
      now,
    }),
  );
}

export function closeServices(services: Services): void {
  for (const service of Object.values(services)) service.close();
}
