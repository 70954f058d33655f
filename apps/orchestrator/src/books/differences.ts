/** What the books do not explain, in words. */
import type { Audit } from '@baton/contracts';
import { toWords } from '../place-order/order-words.ts';
import { providerNames } from './providers.ts';

/** These are asked what they still hold. Of any other service nobody can say more than that an undo was given up. */
const asked: readonly string[] = ['order-service', 'inventory-service', ...providerNames];

export const findDifferences = ({
  money,
  stock,
  writtenOff,
}: Pick<Audit, 'money' | 'stock' | 'writtenOff'>): string[] => [
  ...money.flatMap(({ balanced, currency, taken, givenBack, completedOrders }) =>
    balanced
      ? []
      : [
          `${currency}: ${taken} taken and ${givenBack} given back, ${completedOrders} of completed orders`,
        ],
  ),
  ...stock.flatMap(({ balanced, sku, held, heldByOrders }) =>
    balanced ? [] : [`${sku}: ${held} held, ${heldByOrders} by completed orders`],
  ),
  ...writtenOff
    .filter(({ participant }) => participant === undefined || asked.includes(participant))
    .map(
      ({ orderId, step, participant = 'its participant', amount }) =>
        `the undo of ${step} of ${orderId} is written off, and ${participant} still holds ${amount ? toWords(amount) : 'it'}`,
    ),
];
