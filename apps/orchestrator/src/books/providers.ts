/** Who takes payments: every participant of the payment contract, however many there are. */
import { listedParticipants } from '@baton/contracts';
import { paymentOperations } from '@baton/contracts/payment-service';
import type { Participants } from '@baton/runtime';

export type Provider = Participants['payment-service'];

export const providerNames = listedParticipants.flatMap(({ name, operations }) =>
  operations === paymentOperations ? [name] : [],
);

export const listProviders = (
  participants: Participants,
): readonly (readonly [name: string, provider: Provider])[] =>
  // Their contract says that they are.
  providerNames.map((name) => [name, participants[name] as Provider]);
