/** Whom the orchestrator calls, and where they are. Addresses come from configuration, never from a request. */
import {
  inventoryOperations,
  notificationOperations,
  orderOperations,
  paymentOperations,
} from '@baton/contracts';
import { type Client, createClient } from '@baton/service-kit';

export interface Participants {
  readonly orders: Client<typeof orderOperations>;
  readonly inventory: Client<typeof inventoryOperations>;
  readonly payments: Client<typeof paymentOperations>;
  readonly notifications: Client<typeof notificationOperations>;
}

export type ParticipantUrls = { readonly [K in keyof Participants]: string };

export const createParticipants = (urls: ParticipantUrls): Participants => ({
  orders: createClient(orderOperations, { baseUrl: urls.orders }),
  inventory: createClient(inventoryOperations, { baseUrl: urls.inventory }),
  payments: createClient(paymentOperations, { baseUrl: urls.payments }),
  notifications: createClient(notificationOperations, { baseUrl: urls.notifications }),
});

export const closeParticipants = async (participants: Participants): Promise<void> => {
  await Promise.all(Object.values(participants).map((participant) => participant.close()));
};
