import { inventoryOperations } from '@baton/contracts/inventory-service';
import { expect, it } from 'vitest';
import { createLocalClient } from './local-client.ts';
import { createStandIn } from './testing/stand-in/inventory.ts';

const signal = AbortSignal.timeout(60_000);

it('gives the replies that HTTP would, from the real store', async () => {
  const standIn = createStandIn();
  const client = createLocalClient(inventoryOperations, standIn.routes);
  const attempt = (key: string) => ({ key, number: 1, signal });
  const body = (orderId: string, quantity: number) => ({
    orderId,
    lines: [{ sku: 'mug', quantity }],
  });

  expect(await client.reserve(body('ord_1', 2), attempt('ord_1:reserve'))).toMatchObject({
    reply: 'ok',
    output: { orderId: 'ord_1', reservationId: 'res_ord_1' },
  });
  expect(await client.reserve(body('ord_2', 1000), attempt('ord_2:reserve'))).toMatchObject({
    reply: 'refused',
    code: 'out-of-stock',
  });
  expect(await client.reserve(body('ord_1', 3), attempt('ord_1:reserve'))).toMatchObject({
    reply: 'refused',
    code: 'key-reused',
  });
  expect(await client.release({ orderId: 'ord_3' }, attempt('ord_3:reserve'))).toMatchObject({
    reply: 'ok',
  });
  expect(await client.reserve(body('ord_3', 1), attempt('ord_3:reserve'))).toMatchObject({
    reply: 'refused',
    code: 'fenced',
  });
  expect(await client.getStock({}, { signal })).toMatchObject({
    ok: true,
    body: { products: [{ held: 2 }] },
  });
  standIn.store.close();
});
