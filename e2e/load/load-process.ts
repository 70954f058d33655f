/**
 * Places orders at a fixed rate, whatever the answers: an open loop, in a process that shares no event loop with the
 * loaded one. `node load-process.ts URL RATE SECONDS`; it prints one line, the result.
 */
import { Agent, request } from 'node:http';

const everyMs = 5;
/** One request in so many needs no work: it shows how long any answer takes just now. */
const pingEvery = 20;
const [url = '', rate = '1', seconds = '1'] = process.argv.slice(2);
const agent = new Agent({ keepAlive: true, maxSockets: 512 });
const accepted: string[] = [];
const refusedMs: number[] = [];
const pingMs: number[] = [];
const retryAfter = new Set<string>();
/** Requests that were neither accepted nor refused, by status, or by the error's code. */
const others: Record<string, number> = {};

interface Answer {
  readonly status: string;
  readonly retryAfter: string | undefined;
  readonly text: string;
}

const body = (index: number): string =>
  JSON.stringify({
    customerId: `customer-${index}`,
    lines: [{ sku: 'mug', quantity: 1 }],
    payment: { method: 'card', token: 'tok_ok' },
  });

const ask = (method: 'GET' | 'POST', path: string, text = ''): Promise<Answer> =>
  new Promise((resolve) => {
    const headers = { 'content-type': 'application/json', 'content-length': text.length };
    const sent = request(url + path, { agent, method, headers }, (answer) => {
      let said = '';
      answer.setEncoding('utf8').on('data', (chunk: string) => {
        said += chunk;
      });
      answer.on('end', () =>
        resolve({
          status: String(answer.statusCode),
          retryAfter: answer.headers['retry-after'],
          text: said,
        }),
      );
    });
    sent.on('error', (error: NodeJS.ErrnoException) =>
      resolve({ status: error.code ?? 'error', retryAfter: undefined, text: '' }),
    );
    sent.end(text);
  });

async function place(index: number): Promise<void> {
  const sentMs = performance.now();
  const { status, retryAfter: wait, text } = await ask('POST', '/orders', body(index));
  if (status === '202') accepted.push(JSON.parse(text).orderId);
  else if (status === '503') {
    refusedMs.push(performance.now() - sentMs);
    retryAfter.add(wait ?? 'none');
  } else others[status] = (others[status] ?? 0) + 1;
}

async function ping(): Promise<void> {
  const sentMs = performance.now();
  await ask('GET', '/health/live');
  pingMs.push(performance.now() - sentMs);
}

const placing: Promise<void>[] = [];
const pinging: Promise<void>[] = [];
const beganMs = performance.now();
const timer = setInterval(() => {
  const elapsedMs = Math.min(performance.now() - beganMs, Number(seconds) * 1_000);
  const due = Math.floor((elapsedMs / 1_000) * Number(rate));
  while (placing.length < due) placing.push(place(placing.length));
  while (pinging.length < due / pingEvery) pinging.push(ping());
  if (elapsedMs < Number(seconds) * 1_000) return;
  clearInterval(timer);
  void report();
}, everyMs);

async function report(): Promise<void> {
  await Promise.all([...placing, ...pinging]);
  const load = { accepted, refusedMs, pingMs, retryAfter: [...retryAfter], others };
  process.stdout.write(`${JSON.stringify(load)}\n`);
  agent.destroy();
}
