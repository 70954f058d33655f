/** Participants without services behind them, for tests of the orchestrator alone. Each answer can be replaced. */
import type { Participants } from '../participants.ts';

type Override = { readonly [K in keyof Participants]?: Partial<Participants[K]> };

export interface Asked {
  readonly operation: string;
  readonly key: string;
  readonly body: unknown;
  readonly context: unknown;
}

export function createStandIns(override: Override = {}): {
  participants: Participants;
  asked: Asked[];
} {
  const asked: Asked[] = [];
  const answer =
    <O>(operation: string, output: (id: string) => O) =>
    async (body: { readonly orderId: string }, attempt: { key: string; context?: unknown }) => {
      asked.push({ operation, key: attempt.key, body, context: attempt.context });
      return { reply: 'ok' as const, output: output(body.orderId) };
    };
  const unread = async () => ({ ok: false as const, code: 'connection-refused' });
  const close = async () => {};
  const total = { amountMinor: 2400, currency: 'EUR' as const };
  const lines = [{ sku: 'mug', quantity: 2 }];
  const participants: Participants = {
    'order-service': {
      ready: unread,
      validate: answer('validate', (orderId) => ({ orderId, lines, total })),
      cancel: answer('cancel', (orderId) => ({ orderId })),
      getOrder: unread,
      getCatalog: unread,
      close,
      ...override['order-service'],
    },
    'inventory-service': {
      ready: unread,
      reserve: answer('reserve', (orderId) => ({ orderId, reservationId: 'res_1' })),
      release: answer('release', (orderId) => ({ orderId })),
      getStock: unread,
      getReservation: unread,
      close,
      ...override['inventory-service'],
    },
    'payment-service': {
      ready: unread,
      process: answer('process', (orderId) => ({ orderId, paymentId: 'pay_1' })),
      refund: answer('refund', (orderId) => ({ orderId })),
      getPayments: unread,
      getOrderPayments: unread,
      close,
      ...override['payment-service'],
    },
    'payment-alternate': {
      ready: unread,
      process: answer('process', (orderId) => ({ orderId, paymentId: 'pay_2' })),
      refund: answer('refund', (orderId) => ({ orderId })),
      getPayments: unread,
      getOrderPayments: unread,
      close,
      ...override['payment-alternate'],
    },
    'notification-service': {
      ready: unread,
      notify: answer('notify', (orderId) => ({ orderId, messageId: 'msg_1' })),
      getNotifications: unread,
      close,
      ...override['notification-service'],
    },
  };
  return { participants, asked };
}
