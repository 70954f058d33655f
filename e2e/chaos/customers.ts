/** Customers who order without a pause, some with a key that they repeat; their wishes, and their answers. */
import { setTimeout as delay } from 'node:timers/promises';
import { faultableOperations, faultKinds, findFaultContract } from '@baton/contracts';
import { createOrchestratorClient } from '@baton/service-kit';
import type { Random } from '../src/random.ts';

export interface Wish {
  /** Unique: an order names its customer. */
  readonly customer: string;
  /** With a key a customer asks until there is an answer; without, once. */
  readonly key: string | undefined;
  readonly lines: readonly { readonly sku: string; readonly quantity: number }[];
  readonly token: string;
  readonly baggage: string | undefined;
}

/** The order ids in a wish's answers: one at most, if all is well. */
export interface Ordered extends Wish {
  readonly ids: ReadonlySet<string>;
}

export interface Customers {
  readonly orders: readonly Ordered[];
  /** Answers that nobody should get, in words. */
  readonly complaints: readonly string[];
  /** Resolves when the last customer had an answer, or gave up. */
  finish(): Promise<void>;
}

export interface CustomersOptions {
  /** The orchestrator's. */
  readonly url: string;
  readonly random: Random;
  /** In milliseconds, from one to the next. */
  readonly arriveEveryMs?: number;
}

const usualPaceMs = 80;
const answerLongestMs = 5_000;
const askAgainMinMs = 200;
const askAgainMaxMs = 3_000;
const laterMaxMs = 15_000;
/** After this time customers give up, and complain. */
const patienceMs = 300_000;

/** Two scarce products: one is sold out at once, the other was never there. */
const skus = ['mug', 'mug', 'mug', 'teapot', 'kettle', 'numbered-print', 'first-edition'] as const;
const effects = faultableOperations.filter((name) => findFaultContract(name).kind === 'effect');
/** Not `decline`: cards are declined, and goods sold out, without a fault. */
const kinds = faultKinds.filter((kind) => kind !== 'decline');
/** Answers that are about the moment alone: a later try may succeed. */
const passing = [408, 429, 503];

function toWish(index: number, random: Random): Wish {
  const picked = random.chance(0.1) ? ['travel-mug'] : [random.pick(skus), random.pick(skus)];
  const lines = [...new Set(picked)].map((sku) => ({ sku, quantity: random.whole(1, 3) }));
  const fault = `${random.pick(effects)}:${random.pick(kinds)}:times=${random.whole(1, 2)}`;
  return {
    customer: `customer-${index}`,
    key: random.chance(0.7) ? `chaos-${index}` : undefined,
    lines,
    token: random.chance(0.1) ? 'tok_declined' : 'tok_ok',
    baggage: random.chance(0.1) ? `baton.fault=${fault}` : undefined,
  };
}

interface Plan {
  readonly repeatedAfterMs: number | undefined;
  readonly cancelledAfterMs: number | undefined;
}

const toPlan = (random: Random): Plan => ({
  repeatedAfterMs: random.chance(0.2) ? random.whole(0, laterMaxMs) : undefined,
  cancelledAfterMs: random.chance(0.15) ? random.whole(0, 3_000) : undefined,
});

export function inviteCustomers({
  url,
  random,
  arriveEveryMs = usualPaceMs,
}: CustomersOptions): Customers {
  const client = createOrchestratorClient({ baseUrl: url, socketsMax: 200 });
  const orders: (Wish & { readonly ids: Set<string> })[] = [];
  const complaints: string[] = [];
  const visits: Promise<void>[] = [];

  /** The order's id, or undefined when nobody knows whether there is one. */
  async function ask({ customer, key, lines, token, baggage }: Wish): Promise<string | undefined> {
    const payment = { method: 'card', token } as const;
    const reply = await client.placeOrder(
      { customerId: customer, lines: [...lines], payment },
      {
        signal: AbortSignal.timeout(answerLongestMs),
        ...(key !== undefined && { idempotencyKey: key }),
        ...(baggage !== undefined && { baggage }),
      },
    );
    if (reply.ok) return reply.body.orderId;
    const { status, code } = reply;
    if (status !== undefined && !passing.includes(status))
      complaints.push(`${customer} was answered ${status} ${code} to a sound order`);
    return undefined;
  }

  async function askUntilAnswered(wish: Wish): Promise<string | undefined> {
    const deadline = performance.now() + patienceMs;
    for (let waitMs = askAgainMinMs; performance.now() < deadline; waitMs *= 2) {
      const id = await ask(wish);
      if (id !== undefined || wish.key === undefined) return id;
      await delay(Math.min(waitMs, askAgainMaxMs));
    }
    complaints.push(`${wish.customer} was never answered`);
    return undefined;
  }

  async function cancel(id: string, afterMs: number): Promise<void> {
    await delay(afterMs);
    const reply = await client.cancelOrder(id, { signal: AbortSignal.timeout(answerLongestMs) });
    if (!reply.ok && reply.status === 404) complaints.push(`${id} was accepted and is not found`);
  }

  async function visit(index: number): Promise<void> {
    const wish = toWish(index, random);
    const { repeatedAfterMs, cancelledAfterMs } = toPlan(random);
    const ids = new Set<string>();
    orders.push({ ...wish, ids });
    const id = await askUntilAnswered(wish);
    if (id !== undefined) ids.add(id);
    if (id !== undefined && cancelledAfterMs !== undefined) await cancel(id, cancelledAfterMs);
    if (wish.key === undefined || repeatedAfterMs === undefined) return;
    await delay(repeatedAfterMs);
    const again = await askUntilAnswered(wish);
    if (again !== undefined) ids.add(again);
  }

  const arriving = setInterval(() => visits.push(visit(visits.length)), arriveEveryMs);
  return {
    orders,
    complaints,
    finish: async () => {
      clearInterval(arriving);
      await Promise.all(visits);
      await client.close();
    },
  };
}
