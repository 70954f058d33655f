/** The words that every service uses for an order. All of them bounded. */
import { z } from 'zod';
import { MoneyReply } from './money.ts';

export const OrderId = z
  .string()
  .regex(/^ord_[A-Za-z0-9_-]{1,64}$/, 'must look like ord_2f9c')
  .meta({ id: 'OrderId', description: 'ord_ and 128 bits' });
export const CustomerId = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}$/, 'must be 1 to 64 letters, digits or ._@-')
  .meta({ id: 'CustomerId' });
export const Sku = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, 'must be 1 to 64 letters, digits or ._-')
  .meta({ id: 'Sku' });
const Quantity = z.int().min(1).max(1000);
export const PaymentMethod = z.enum(['card']).meta({ id: 'PaymentMethod' });
export const PaymentToken = z.string().regex(/^tok_[a-z0-9_]{1,40}$/, 'must look like tok_ok');
export const StepName = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,31}$/)
  .meta({ id: 'StepName' });
export const Instant = z.iso.datetime().meta({ id: 'Instant', description: 'RFC 3339, UTC' });

export const Line = z.strictObject({ sku: Sku, quantity: Quantity }).meta({ id: 'Line' });
export type Line = z.infer<typeof Line>;
export const Lines = z.array(Line).min(1).max(50);

const LineReply = z.object({ sku: Sku, quantity: Quantity }).meta({ id: 'LineReply' });
export const LinesReply = z.array(LineReply).min(1).max(50);

export const OrderIdBody = z.strictObject({ orderId: OrderId });
export const OrderIdReply = z.object({ orderId: OrderId });
export const OrderIdParams = z.strictObject({ id: OrderId });

export const Product = z
  .object({ sku: Sku, name: z.string().max(200), price: MoneyReply })
  .meta({ id: 'Product' });
export type Product = z.infer<typeof Product>;

export const exampleOrderId = 'ord_5f1b2c3d4e5f60718293a4b5c6d7e8f9';
