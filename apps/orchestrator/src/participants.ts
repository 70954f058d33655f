/** Whom the orchestrator calls, and where they are. Addresses come from configuration, never from a request. */
import {
  inventoryOperations,
  notificationOperations,
  orderOperations,
  paymentOperations,
} from '@baton/contracts';
import { type Annotate, type Client, createClient } from '@baton/service-kit';
import { propagate } from './order/order-trace.ts';

export interface Participants {
  readonly orders: Client<typeof orderOperations>;
  readonly inventory: Client<typeof inventoryOperations>;
  readonly payments: Client<typeof paymentOperations>;
  /** Another provider: the same program on data of its own. */
  readonly alternatePayments: Client<typeof paymentOperations>;
  readonly notifications: Client<typeof notificationOperations>;
}

export type ParticipantUrls = { readonly [K in keyof Participants]: string };

/**
 * `annotateAs` says what else is known of an attempt, such as that it was broken on purpose; it is told the program
 * where that is not the service's own name.
 */
export const createParticipants = (
  urls: ParticipantUrls,
  annotateAs?: (program?: string) => Annotate,
): Participants => {
  const annotate = annotateAs?.();
  const at = (baseUrl: string) => ({ baseUrl, annotate, propagate });
  return {
    orders: createClient(orderOperations, at(urls.orders)),
    inventory: createClient(inventoryOperations, at(urls.inventory)),
    payments: createClient(paymentOperations, at(urls.payments)),
    alternatePayments: createClient(paymentOperations, {
      ...at(urls.alternatePayments),
      annotate: annotateAs?.('payment-alternate'),
    }),
    notifications: createClient(notificationOperations, at(urls.notifications)),
  };
};

export const closeParticipants = async (participants: Participants): Promise<void> => {
  await Promise.all(Object.values(participants).map((participant) => participant.close()));
};
