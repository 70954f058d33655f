/** So many customers: each places an order, waits for its end, and places the next one. */
import { Agent, request } from 'node:http';
import { OrderView } from '@baton/contracts';

export interface LoadOptions {
  /** The orchestrator's. */
  readonly url: string;
  readonly customers: number;
  /** The least time that the load takes. */
  readonly seconds?: number;
  /** The least number of orders. */
  readonly orders?: number;
}
export interface Load {
  readonly orders: number;
  /** Of orders that name their trace. */
  readonly traceIds: readonly string[];
  /** From the first order's placing to the last one's end. */
  readonly tookSeconds: number;
  /** In milliseconds since the epoch. */
  readonly endedAt: number;
}

const body = JSON.stringify({
  customerId: 'ada',
  lines: [{ sku: 'mug', quantity: 1 }],
  payment: { method: 'card', token: 'tok_ok' },
});
const headers = {
  'content-type': 'application/json',
  'content-length': body.length,
  prefer: 'wait=20',
};

/** The answer's text, once the order has ended. */
export function placeOrder(url: string, agent: Agent): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const sent = request(`${url}/orders`, { agent, method: 'POST', headers }, (answer) => {
    let text = '';
    answer.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
    answer.on('end', () => {
      if (answer.statusCode === 200) resolve(text);
      else reject(new Error(`POST /orders answered ${answer.statusCode}: ${text.slice(0, 500)}`));
    });
  });
  sent.on('error', reject);
  sent.end(body);
  return promise;
}

/** Throws when an order did not complete at its first try: then the rounds did not do the same work. */
function readTraceId(text: string): string | undefined {
  const { status, steps, links } = OrderView.parse(JSON.parse(text));
  if (status !== 'completed' || steps.some(({ attempts }) => attempts.length > 1))
    throw new Error(`An order did not complete at its first try: ${text.slice(0, 2_000)}`);
  return links.trace?.split('/').at(-1);
}

export async function placeOrders({
  url,
  customers,
  seconds = 0,
  orders = 0,
}: LoadOptions): Promise<Load> {
  const agent = new Agent({ keepAlive: true, maxSockets: customers });
  const answers: string[] = [];
  const beganMs = performance.now();
  const isOver = (): boolean =>
    performance.now() - beganMs >= seconds * 1_000 && answers.length >= orders;
  const order = async (): Promise<void> => {
    while (!isOver()) answers.push(await placeOrder(url, agent));
  };
  await Promise.all(Array.from({ length: customers }, order));
  const tookSeconds = (performance.now() - beganMs) / 1_000;
  const endedAt = Date.now();
  agent.destroy();
  // Read afterwards, outside of a round's time.
  const traceIds = answers.flatMap((text) => readTraceId(text) ?? []);
  return { orders: answers.length, traceIds, tookSeconds, endedAt };
}
