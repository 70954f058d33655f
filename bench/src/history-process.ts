/** The shop's orchestrator in a process of its own, beside participants that answer at once. It does one thing at a time. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import { dirname } from 'node:path';
import { createOrchestrator, createOrderSaga } from '@baton/orchestrator';
import { createStandIns } from '@baton/runtime/testing';
import { openJournal } from '@baton/saga';
import { createLog, createMetrics } from '@baton/telemetry';
import { HistoryPlace, HistoryTask } from './history-task.ts';
import { type Figures, readGiven, serveTasks } from './measured-process.ts';

const customers = 128;
const repeats = { placing: 30, listing: 300 };
const order = {
  customerId: 'ada',
  lines: [{ sku: 'mug', quantity: 1 }],
  payment: { method: 'card' as const, token: 'tok_ok' },
};

const { path } = readGiven(HistoryPlace);
const waiting = Promise.withResolvers<Figures>();
const serving = Promise.withResolvers<Figures>();
serveTasks(HistoryTask, {}, (task) =>
  'fill' in task ? run(task.fill) : { waiting, serving }[task.await].promise,
);
// The first orchestrator takes the lock at once, and the next waits for it.
let beganMs = performance.now();
function onHeld(): void {
  waiting.resolve({});
  beganMs = performance.now();
}
const journal = await openJournal({ path, standby: true, pollMs: 10, onHeld });
const { participants } = createStandIns();
const orchestrator = await createOrchestrator({
  journal,
  participants,
  traceFolder: dirname(path),
  log: createLog('orchestrator', 'silent'),
  metrics: createMetrics('orchestrator'),
});
const { engine } = orchestrator;
const saga = createOrderSaga(participants);
const server = createServer(orchestrator.app).listen(0, '127.0.0.1');
await once(server, 'listening');
serving.resolve({ startMs: performance.now() - beganMs });

async function place(): Promise<void> {
  const submission = await engine.submit(saga, order);
  const end = submission.type === 'accepted' ? await engine.settled(submission.id) : undefined;
  if (end?.phase !== 'completed') throw new Error('An order did not complete');
}

async function fill(orders: number): Promise<void> {
  let left = orders;
  const customer = async (): Promise<void> => {
    while (left-- > 0) await place();
  };
  await Promise.all(Array.from({ length: customers }, customer));
}

async function audit(): Promise<void> {
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  const answer = await fetch(`http://127.0.0.1:${port}/audit`);
  if (!answer.ok) throw new Error(`The audit answered ${answer.status}`);
  await answer.text();
}

/** The time of one, in milliseconds. */
async function measure(work: () => Promise<unknown>, times: number): Promise<number> {
  const fromMs = performance.now();
  for (let time = 0; time < times; time++) await work();
  return (performance.now() - fromMs) / times;
}

async function run(orders: number): Promise<Figures> {
  if (orders > 0) await fill(orders);
  // The first audit after a start, and further ones, each with new orders.
  const auditMs = await measure(audit, 1);
  const orderMs = await measure(place, repeats.placing);
  const listMs = await measure(() => engine.list({ limit: 100 }), repeats.listing);
  await audit();
  return { auditMs, orderMs, listMs };
}
