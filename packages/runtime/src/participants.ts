/** Clients of all participants. Addresses come from configuration, never from a request. */
import {
  healthReady,
  mapParticipants,
  type ParticipantName,
  type participantEntries,
} from '@baton/contracts';
import { type Annotate, type Client, createClient } from '@baton/service-kit';
import type { Metrics } from '@baton/telemetry';
import { propagate } from './run/run-trace.ts';

type Health = { readonly ready: ReturnType<typeof healthReady> };

export type Participants = {
  readonly [K in ParticipantName]: Client<(typeof participantEntries)[K]['operations']> &
    Client<Health>;
};
/** All that the runtime itself asks of a participant. */
export interface RunParticipant {
  readonly ready: Client<Health>['ready'];
  readonly incarnation?: () => string | undefined;
}
export type RunParticipants = Readonly<Record<string, RunParticipant>>;
export type ParticipantUrls = Readonly<Record<ParticipantName, string>>;

/** `annotateAs` says what else is known of an attempt at a participant, such as that it was broken on purpose. */
export const createParticipants = (
  urls: ParticipantUrls,
  annotateAs?: (participant: string) => Annotate,
  metrics?: Pick<Metrics, 'startCall'>,
): Participants =>
  mapParticipants(
    ({ name, operations }) =>
      createClient(
        { ...operations, ready: healthReady(name) },
        { baseUrl: urls[name], annotate: annotateAs?.(name), propagate, metrics, name },
      ),
    // Made from the list whose types it gets.
  ) as unknown as Participants;

export async function closeParticipants(participants: Participants): Promise<void> {
  await Promise.all(Object.values(participants).map((participant) => participant.close()));
}
