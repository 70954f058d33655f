/** One order in the services' own files: no service is asked, and the orchestrator is not believed. */
import { readRows } from '../../e2e/src/books.ts';

const files = {
  order: 'order-service.sqlite',
  inventory: 'inventory-service.sqlite',
  payment: 'payment-service.sqlite',
  'payment-alternate': 'payment-alternate.sqlite',
  notification: 'notification-service.sqlite',
} as const;
export type Keeper = keyof typeof files;

export const providers = ['payment', 'payment-alternate'] as const satisfies readonly Keeper[];

export class Ledger {
  readonly #dataDir: string;

  constructor(dataDir: string) {
    this.#dataDir = dataDir;
  }

  /** The first value of the first row. */
  #ask(keeper: Keeper, sql: string): unknown {
    const [row] = readRows(this.#dataDir, files[keeper], sql);
    return row && Object.values(row)[0];
  }

  sum(keeper: Keeper, sql: string): number {
    return Number(this.#ask(keeper, sql));
  }

  /** At every provider together. */
  sumPayments(sql: string): number {
    return providers.reduce((sum, provider) => sum + this.sum(provider, sql), 0);
  }

  payments(orderId: string, provider: Keeper = 'payment'): number {
    return this.sum(provider, `SELECT count(*) FROM payments WHERE order_id = '${orderId}'`);
  }

  keptMinor(orderId: string): number {
    const sql = `SELECT coalesce(sum(amount_minor), 0) FROM payments WHERE status = 'taken'`;
    return this.sumPayments(`${sql} AND order_id = '${orderId}'`);
  }

  held(orderId: string): number {
    const sql =
      'SELECT coalesce(sum(quantity), 0) FROM reserved_lines JOIN reservations ON id = reservation_id';
    return this.sum('inventory', `${sql} WHERE order_id = '${orderId}'`);
  }

  messages(orderId: string): number {
    return this.sum('notification', `SELECT count(*) FROM messages WHERE order_id = '${orderId}'`);
  }

  /** The service's fence row for one step of an order, such as DONE or TOMBSTONE; undefined without a row. */
  fence(keeper: Keeper, key: string): unknown {
    return this.#ask(keeper, `SELECT state FROM fence WHERE key = '${key}'`);
  }

  count(keeper: Keeper, state: string): number {
    return this.sum(keeper, `SELECT count(*) FROM fence WHERE state = '${state}'`);
  }
}

export const toMoney = (amountMinor: number): string => `${(amountMinor / 100).toFixed(2)} EUR`;
