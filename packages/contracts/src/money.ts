import { z } from 'zod';

export const Currency = z.enum(['EUR', 'USD']).meta({ id: 'Currency' });
export type Currency = z.infer<typeof Currency>;

/** Whole minor units (cents): binary fractions would not add up. */
export const AmountMinor = z.int().min(0).max(Number.MAX_SAFE_INTEGER);

export const Money = z
  .strictObject({ amountMinor: AmountMinor, currency: Currency })
  .meta({ id: 'Money' });
export type Money = z.infer<typeof Money>;

/** In a reply: unknown fields are dropped instead of refused. */
export const MoneyReply = z
  .object({ amountMinor: AmountMinor, currency: Currency })
  .meta({ id: 'MoneyReply' });
