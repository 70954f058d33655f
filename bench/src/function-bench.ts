/** What a function costs beside a process: the same service as both, started from nothing, called one by one and many at once. */
import { once } from 'node:events';
import { readFileSync, rmSync } from 'node:fs';
import { Agent, type RequestOptions, request } from 'node:http';
import { join } from 'node:path';
import { createFastFolder } from '@baton/e2e/folder';
import { start } from '@baton/e2e/processes';
import { buildFunction, startFunction } from '@baton/notification-service/workerd';
import type { Bench, BenchReport } from './bench-report.ts';
import { sumCpuSeconds } from './cpu-time.ts';
import { runPairs, type Spread, toSpread, toText } from './ratio.ts';

const full = { pairs: 15, seconds: 1, warmSeconds: 3 };
const quick = { pairs: 3, seconds: 0.5, warmSeconds: 1 };
const callers = 16;
/** What a processor second by use may cost, beside a processor that is rented by the month. */
const priceFactors = [1, 10];

interface Host {
  readonly url: string;
  readonly pid: number;
  readonly kill: () => Promise<unknown>;
}
interface Start {
  readonly coldMs: number;
  readonly residentPages: number;
}
interface Round {
  readonly callsPerSecond: number;
  readonly cpuPerCall: number;
}

/** Ratios of the function to the process. */
export interface FunctionFigures {
  readonly coldStart: Spread;
  readonly memory: Spread;
  readonly alone: Spread;
  readonly crowd: Spread;
  readonly cpu: Spread;
}

let calls = 0;

async function notify(url: string, options: RequestOptions = {}): Promise<void> {
  calls += 1;
  const orderId = `ord_bench${calls}`;
  const headers = { 'content-type': 'application/json', 'idempotency-key': `${orderId}:notify` };
  const sent = request(`${url}/notify`, { ...options, method: 'POST', headers });
  sent.end(JSON.stringify({ orderId, customerId: 'ada', template: 'order-completed' }));
  const [answer] = await once(sent, 'response');
  answer.resume();
  await once(answer, 'end');
  if (answer.statusCode !== 200) throw new Error(`POST /notify answered ${answer.statusCode}`);
}

/** Until the first effect has its answer. */
async function startCold(open: () => Promise<Host>): Promise<Start> {
  const beganMs = performance.now();
  const { url, pid, kill } = await open();
  await notify(url);
  const coldMs = performance.now() - beganMs;
  const residentPages = Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]);
  await kill();
  return { coldMs, residentPages };
}

async function load({ url, pid }: Host, atOnce: number, seconds: number): Promise<Round> {
  const agent = new Agent({ keepAlive: true, maxSockets: atOnce });
  const [cpuBefore, beganMs] = [sumCpuSeconds([pid]), performance.now()];
  let done = 0;
  const callOn = async (): Promise<void> => {
    while (performance.now() - beganMs < seconds * 1_000) {
      await notify(url, { agent });
      done += 1;
    }
  };
  await Promise.all(Array.from({ length: atOnce }, callOn));
  const tookSeconds = (performance.now() - beganMs) / 1_000;
  agent.destroy();
  const cpuPerCall = (sumCpuSeconds([pid]) - cpuBefore) / done;
  return { callsPerSecond: done / tookSeconds, cpuPerCall };
}

export function toReport(figures: FunctionFigures): BenchReport {
  const { coldStart, memory, alone, crowd, cpu } = figures;
  const shares = priceFactors.map(
    (factor) => `${(100 / cpu.median / factor).toFixed(0)} % at ${factor} times the price`,
  );
  return {
    // There is no promise: the figures help people to choose.
    holds: true,
    figures: { ...figures },
    lines: [
      'notification-service as a function on workerd, to the same as a process of Node:',
      `  from nothing to the first answer   ${toText(coldStart)} times as long`,
      `  memory then                        ${toText(memory)} times as much`,
      `  calls a second, one by one         ${toText(alone)} times as many`,
      `  calls a second, ${callers} at once         ${toText(crowd)} times as many`,
      `  processor time of a call           ${toText(cpu)} times as much`,
      `  by use it is cheaper while a process would be busy for less than ${shares.join(', ')}`,
    ],
  };
}

export const benchFunction: Bench = async ({ isQuick }) => {
  const { pairs, seconds, warmSeconds } = isQuick ? quick : full;
  await using cleanup = new AsyncDisposableStack();
  const dataDir = createFastFolder('function');
  cleanup.defer(() => rmSync(dataDir, { recursive: true }));
  const folder = join(dataDir, 'built');
  await buildFunction(folder);
  const openFunction = async (): Promise<Host> => {
    const { url, process: runtime } = await startFunction({ folder, dataDir });
    const kill = (): Promise<unknown> => {
      runtime.kill('SIGKILL');
      return once(runtime, 'exit');
    };
    return { url, pid: runtime.pid ?? 0, kill };
  };
  const openProcess = async (): Promise<Host> => {
    const app = await start('notification-service', { dataDir, env: { FAULTS: 'off' } }).ready;
    return { ...app, url: `http://127.0.0.1:${app.port}` };
  };
  const isEnough = ({ length }: { readonly length: number }): boolean => length >= pairs;
  const starts = await runPairs(
    isEnough,
    () => startCold(openFunction),
    () => startCold(openProcess),
  );
  const hosts = [await openFunction(), await openProcess()] as const;
  for (const host of hosts) {
    cleanup.defer(async () => void (await host.kill()));
    await load(host, callers, warmSeconds);
  }
  const runRounds = (atOnce: number) =>
    runPairs(
      isEnough,
      () => load(hosts[0], atOnce, seconds),
      () => load(hosts[1], atOnce, seconds),
    );
  const [alone, crowd] = [await runRounds(1), await runRounds(callers)];
  const compare = <T>(all: readonly (readonly [T, T])[], read: (one: T) => number): Spread =>
    toSpread(all.map(([ofFunction, ofProcess]) => read(ofFunction) / read(ofProcess)));
  return toReport({
    coldStart: compare(starts, ({ coldMs }) => coldMs),
    memory: compare(starts, ({ residentPages }) => residentPages),
    alone: compare(alone, ({ callsPerSecond }) => callsPerSecond),
    crowd: compare(crowd, ({ callsPerSecond }) => callsPerSecond),
    cpu: compare(crowd, ({ cpuPerCall }) => cpuPerCall),
  });
};
