/**
 * What tracing costs: the same orders in two systems side by side, one of which traces all of them and sends the spans
 * to a collector. Every span is counted, so that none was saved by dropping it.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Bench, BenchReport } from './bench-report.ts';
import { type Collector, type Count, startCollector } from './collector.ts';
import { sumCpuSeconds } from './cpu-time.ts';
import { startJaegerCollector } from './jaeger-collector.ts';
import { type MeasuredSystem, startMeasured } from './measured-system.ts';
import { type LoadOptions, placeOrders } from './order-load.ts';
import { isDecided, runPairs, type Spread, toSpread, toText } from './ratio.ts';
import { completedShape } from './trace-shape.ts';

/** The share of the untraced throughput that must be left. */
const shareMin = 0.8;
/** The processor time that would cost as much, where processors are the only bound. */
const cpuMax = 1 / shareMin;
/** Half of the orders that the orchestrator moves at once: none waits for its turn. */
const customers = 32;
/** Many short rounds rather than a few long ones: other work of the machine comes and goes within seconds. */
const full = { pairsMin: 24, pairsMax: 80, seconds: 1.5 };
const quick = { pairsMin: 9, pairsMax: 18, seconds: 1 };
/** After so many orders, programs are compiled on any machine. */
const warmOrders = 5_000;
const pollMs = 100;
/** Idle work is subtracted: the traced system runs longer, as the bench waits for its last spans. */
const usualLagMs = 600;
/** After this silence, no more spans arrive. */
const silenceMaxMs = 5_000;

interface Round {
  readonly orders: number;
  readonly perSecond: number;
  readonly cpuPerOrder: number;
  /** From the last order's end to the last span's arrival. */
  readonly lagMs: number;
  readonly spans: number;
  /** Wrong traces, by their shape. */
  readonly wrong: Readonly<Record<string, number>>;
}

export interface TracingFigures {
  readonly rounds: number;
  readonly orders: number;
  readonly spans: number;
  /** Orders a second, traced to untraced. */
  readonly throughput: Spread;
  /** Whether it is plain on which side of the promise the throughput lies. */
  readonly isClear: boolean;
  /** Processor time for an order, traced to untraced. */
  readonly cpu: Spread;
  readonly lagMs: Spread;
  readonly wrong: readonly Readonly<Record<string, number>>[];
}

type Length = Pick<LoadOptions, 'seconds' | 'orders'>;

async function play(system: MeasuredSystem, length: Length, collector?: Collector) {
  await collector?.clear();
  const cpuBefore = sumCpuSeconds(system.pids);
  const load = await placeOrders({ url: system.url, customers, ...length });
  const { orders, traceIds } = load;
  const count = await (collector ? awaitSpans(collector, orders, traceIds) : delay(usualLagMs));
  return {
    orders,
    perSecond: orders / load.tookSeconds,
    // Sending after the last order counts, too.
    cpuPerOrder: (sumCpuSeconds(system.pids) - cpuBefore) / orders,
    lagMs: (count?.lastAt ?? Number.NaN) - load.endedAt,
    spans: count?.spans ?? 0,
    wrong: count ? findWrong(count, orders) : {},
  } satisfies Round;
}

/** Until every order has all of its spans, or no more come. */
async function awaitSpans(
  collector: Collector,
  orders: number,
  traceIds: readonly string[],
): Promise<Count> {
  let heardMs = performance.now();
  let count = await collector.readCount(traceIds);
  while (count.shapes[completedShape] !== orders && performance.now() - heardMs < silenceMaxMs) {
    await delay(pollMs);
    const { spans } = count;
    count = await collector.readCount(traceIds);
    if (count.spans > spans) heardMs = performance.now();
  }
  return count;
}

/** Pure. Orders without any span are named `nothing`. */
export function findWrong(
  { shapes }: Pick<Count, 'shapes'>,
  orders: number,
): Record<string, number> {
  const { [completedShape]: _right, ...wrong } = shapes;
  const traces = Object.values(shapes).reduce((sum, count) => sum + count, 0);
  return traces === orders ? wrong : { ...wrong, nothing: orders - traces };
}

type Pair = readonly [traced: Round, plain: Round];

const listShares = (pairs: readonly Pair[]): number[] =>
  pairs.map(([traced, plain]) => traced.perSecond / plain.perSecond);

export const toFigures = (pairs: readonly Pair[]): TracingFigures => ({
  rounds: pairs.length,
  orders: pairs.reduce((sum, [traced]) => sum + traced.orders, 0),
  spans: pairs.reduce((sum, [traced]) => sum + traced.spans, 0),
  throughput: toSpread(listShares(pairs)),
  isClear: isDecided(listShares(pairs), shareMin),
  cpu: toSpread(pairs.map(([traced, plain]) => traced.cpuPerOrder / plain.cpuPerOrder)),
  lagMs: toSpread(pairs.map(([traced]) => traced.lagMs)),
  wrong: pairs.flatMap(([{ wrong }]) => (Object.keys(wrong).length > 0 ? [wrong] : [])),
});

/**
 * Where the rounds differ too much to tell, processor time decides, which the rest of the machine disturbs less. Where
 * they tell, nothing else counts: waiting takes no processor.
 */
const holdsShare = ({ throughput, isClear, cpu }: TracingFigures): boolean =>
  throughput.median >= shareMin || (!isClear && cpu.median <= cpuMax);

function toShareText(figures: TracingFigures): string {
  if (figures.throughput.median >= shareMin) return `at least ${shareMin}`;
  if (!holdsShare(figures)) return `LESS THAN ${shareMin}`;
  return `too far apart to say whether less than ${shareMin}: the processor time counts`;
}

/** A real Jaeger works on the same processors: its share is shown, and not held against the tracing. */
export function toReport(figures: TracingFigures, hasJaeger: boolean): BenchReport {
  const { rounds, orders, spans, throughput, cpu, lagMs, wrong } = figures;
  return {
    holds: (hasJaeger || holdsShare(figures)) && wrong.length === 0,
    figures: { ...figures },
    lines: [
      `Tracing every order, against none; ${rounds} pairs of rounds side by side, the middle one and the middle half:`,
      `  orders a second   ${toText(throughput)} times as many; ${hasJaeger ? 'a Jaeger works on the same processors' : toShareText(figures)}`,
      Number.isNaN(cpu.median)
        ? '  processor time    not measured: there is no /proc here'
        : `  processor time    ${toText(cpu)} times as much for an order`,
      ...(Number.isNaN(lagMs.median)
        ? []
        : [`  the last span     arrived ${lagMs.median.toFixed(0)} ms after the last order's end`]),
      wrong.length === 0
        ? `  spans             all ${spans} of ${orders} orders arrived, ${(spans / orders).toFixed(0)} of each`
        : `  spans             WRONG in ${wrong.length} rounds: ${JSON.stringify(wrong)}; expected: ${completedShape}`,
    ],
  };
}

export const benchTracing: Bench = async ({ isQuick, hasJaeger }) => {
  const { pairsMin, pairsMax, seconds } = isQuick ? quick : full;
  await using cleanup = new AsyncDisposableStack();
  const collector = await (hasJaeger ? startJaegerCollector() : startCollector());
  cleanup.defer(() => collector.stop());
  const [traced, plain] = await Promise.all([startMeasured({ collector }), startMeasured()]);
  cleanup.defer(() => Promise.all([traced.stop(), plain.stop()]).then(() => {}));
  const playTraced = (): Promise<Round> => play(traced, { seconds }, collector);
  const playPlain = (): Promise<Round> => play(plain, { seconds });
  await play(traced, { orders: warmOrders }, collector);
  await play(plain, { orders: warmOrders });
  // On a busy machine it takes more rounds to tell. All rounds count.
  const isEnough = (rounds: readonly Pair[]): boolean =>
    rounds.length >= pairsMax ||
    (rounds.length >= pairsMin && isDecided(listShares(rounds), shareMin));
  const rounds = await runPairs(isEnough, playTraced, playPlain);
  return toReport(toFigures(rounds), hasJaeger);
};
