/** Who takes payments: every participant of the payment contract, however many there are. */
import { listedParticipants, type ParticipantName, participantEntries } from '@baton/contracts';
import { paymentOperations } from '@baton/contracts/payment-service';
import type { Participants } from '@baton/runtime';

type Entries = typeof participantEntries;
export type ProviderName = {
  [K in ParticipantName]: Entries[K]['operations'] extends typeof paymentOperations ? K : never;
}[ParticipantName];
export type Provider = Participants[ProviderName];

const isProvider = (name: ParticipantName): name is ProviderName =>
  participantEntries[name].operations === paymentOperations;

export const providerNames = listedParticipants.map(({ name }) => name).filter(isProvider);

export const listProviders = (
  participants: Participants,
): readonly (readonly [name: ProviderName, provider: Provider])[] =>
  providerNames.map((name) => [name, participants[name]]);
