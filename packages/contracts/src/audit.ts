/** The books: what participants hold against what the orders say. */
import { z } from 'zod';
import { Currency, MoneyReply } from './money.ts';
import { Instant, OrderId, Sku, StepName } from './order.ts';

const Minor = z.int();

/** What participants hold, and why: `held = completed + open + written off + unexplained`, to the unit. */
const holders = {
  openOrders: z.int().meta({ description: 'Held by open orders, as far as they may hold it' }),
  writtenOff: z.int().meta({ description: 'Held, though an operator gave its undo up' }),
  unexplained: z.int().meta({ description: 'No order explains it; below 0: too little is held' }),
  balanced: z.boolean(),
} as const;

export const MoneyBooks = z
  .object({
    currency: Currency,
    taken: Minor,
    givenBack: Minor,
    completedOrders: Minor.meta({ description: 'What completed orders paid' }),
    ...holders,
  })
  .meta({ id: 'MoneyBooks' });

export const StockBooks = z
  .object({
    sku: Sku,
    onHand: z.int(),
    free: z.int(),
    held: z.int(),
    heldByOrders: z.int().meta({ description: 'Held for good by completed orders' }),
    ...holders,
  })
  .meta({ id: 'StockBooks' });

/** An undo that an operator gave up, for as long as its participant holds the effect, or cannot say. */
export const WrittenOff = z
  .object({
    orderId: OrderId,
    step: StepName,
    direction: z.literal('undo'),
    participant: z.string().optional().meta({ description: 'It holds the effect' }),
    reason: z.string().meta({ description: "The operator's" }),
    at: Instant.meta({ description: 'When it was written off' }),
    amount: MoneyReply.optional().meta({ description: 'Money that it still keeps' }),
    lines: z
      .array(z.object({ sku: Sku, quantity: z.int().min(1) }))
      .optional()
      .meta({ description: 'Stock that it still holds' }),
  })
  .meta({ id: 'WrittenOff' });
export type WrittenOff = z.infer<typeof WrittenOff>;

export const Audit = z
  .object({
    balanced: z.boolean(),
    at: Instant,
    openOrders: z.int().min(0).meta({ description: 'While above 0, books may differ for a while' }),
    unreachable: z.array(z.string()).meta({ description: 'Participants that did not answer' }),
    money: z.array(MoneyBooks),
    stock: z.array(StockBooks),
    writtenOff: z
      .array(WrittenOff)
      .meta({ description: 'Until the participant was put right by hand, nothing balances' }),
  })
  .meta({ id: 'Audit' });
export type Audit = z.infer<typeof Audit>;

export const exampleAudit = {
  balanced: true,
  at: '2026-01-01T00:00:00.000Z',
  openOrders: 0,
  unreachable: [],
  money: [
    {
      currency: 'EUR',
      taken: 2400,
      givenBack: 0,
      completedOrders: 2400,
      openOrders: 0,
      writtenOff: 0,
      unexplained: 0,
      balanced: true,
    },
  ],
  stock: [
    {
      sku: 'mug',
      onHand: 10,
      free: 8,
      held: 2,
      heldByOrders: 2,
      openOrders: 0,
      writtenOff: 0,
      unexplained: 0,
      balanced: true,
    },
  ],
  writtenOff: [],
} satisfies Audit;
