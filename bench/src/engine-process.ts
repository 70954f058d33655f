/**
 * An engine on a journal of its own, in a process that can be killed. It has two kinds of orders: orders for a
 * participant that is down, or back, and orders whose four participants answer at once. It does one thing at a time.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { createEngine, ok, openJournal, saga } from '@baton/saga';
import { z } from 'zod';
import { EngineGiven, EngineTask } from './measured-engine.ts';
import { type Figures, readGiven, serveTasks } from './measured-process.ts';

/** Orders on their way at once. */
const customers = { parking: 256, placing: 32 };
const pollMs = 10;
const collections = 10;

const { path, spawnedAt, isBack, openMax } = readGiven(EngineGiven);
const sinceSpawn = (): number => Date.now() - spawnedAt;
/** When the participant that was down was called, in milliseconds since this process was spawned. */
const calledMs: number[] = [];

async function askDown() {
  calledMs.push(sinceSpawn());
  return isBack ? ok('done') : ({ reply: 'unsent', code: 'connection-refused' } as const);
}
const answer = async () => ok('done');
const undo = answer;
const input = z.object({ customerId: z.string() });
const held = saga('held', { version: 1, input }).step('down', { perform: askDown, undo }).end();
const free = saga('free', { version: 1, input })
  .step('reserve', { perform: answer, undo })
  .step('ship', { perform: answer, undo })
  .pivot('pay', { perform: answer, undo })
  .later('mail', { perform: answer })
  .end();

const journal = await openJournal({ path });
const engine = await createEngine({ journal, sagas: [held, free], openMax });
const startMs = sinceSpawn();

async function submit(kind: typeof held | typeof free): Promise<string> {
  const submission = await engine.submit(kind, { customerId: 'ada' });
  if (submission.type !== 'accepted') throw new Error(`An order was answered ${submission.type}`);
  return submission.id;
}

async function place(): Promise<void> {
  const end = await engine.settled(await submit(free));
  if (end?.phase !== 'completed') throw new Error('An order did not complete');
}

async function park(orders: number): Promise<Figures> {
  let left = orders;
  const customer = async (): Promise<void> => {
    while (left-- > 0) await submit(held);
  };
  await Promise.all(Array.from({ length: customers.parking }, customer));
  for (let busy = true; busy; await delay(pollMs)) {
    const { moving, queued } = await engine.counts();
    busy = moving + queued > 0;
  }
  const [view] = (await engine.participants()).filter(({ participant }) => participant === 'down');
  return { parked: view?.parked ?? 0 };
}

async function collect(): Promise<Figures> {
  // Several times: an object with a finalizer goes at the next collection, between two turns of the event loop.
  for (let i = 0; i < collections; i++) {
    globalThis.gc?.();
    await delay(pollMs);
  }
  const { heapUsed, rss } = process.memoryUsage();
  return { heapBytes: heapUsed, residentBytes: rss };
}

async function load(seconds: number): Promise<Figures> {
  const beganMs = performance.now();
  const cpu = process.cpuUsage();
  let orders = 0;
  const customer = async (): Promise<void> => {
    while (performance.now() - beganMs < seconds * 1_000) {
      await place();
      orders += 1;
    }
  };
  await Promise.all(Array.from({ length: customers.placing }, customer));
  const { user, system } = process.cpuUsage(cpu);
  const perSecond = (orders * 1_000) / (performance.now() - beganMs);
  return { perSecond, cpuPerOrder: (user + system) / orders };
}

/** The figures of the start, after some seconds. */
async function watch(seconds: number): Promise<Figures> {
  await delay(seconds * 1_000);
  const times = calledMs.slice();
  const inSecondFrom = (from: number) => times.filter((at) => at >= from && at < from + 1_000);
  return {
    startMs,
    newOrderMs,
    listMs,
    firstCallMs: times[0] ?? Number.MAX_SAFE_INTEGER,
    callsPerSecondMax: Math.max(0, ...times.map((from) => inSecondFrom(from).length)),
  };
}

await place();
const newOrderMs = sinceSpawn();
await engine.list({ status: 'open', limit: 100 });
const listMs = sinceSpawn() - newOrderMs;

function run(task: EngineTask): Promise<Figures> {
  switch (task.type) {
    case 'park':
      return park(task.orders);
    case 'load':
      return load(task.seconds);
    case 'watch':
      return watch(task.seconds);
    case 'collect':
      return collect();
    default:
      return task satisfies never;
  }
}

serveTasks(EngineTask, { startMs }, run);
