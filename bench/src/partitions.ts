/**
 * A simulation of many partitions of orders, each an orchestrator that does so many orders a second. Not a forecast: it
 * shows what skew, a lost zone and returning clients do to the load, in units of one partition.
 *
 * 1. The same seed gives the same figures.
 * 2. No order is lost: a client that is refused, or finds nobody, asks again.
 */
import { createRandom, type Random } from '@baton/e2e/random';

/** Orders that one partition does in a second: enough to make chance small. */
const capacity = 200;
const customers = 20_000;

export interface Scenario {
  readonly name: string;
  readonly partitions: number;
  /** Arriving orders, to the capacity of all partitions. */
  readonly load: number;
  /** What chooses an order's partition. A few customers place most of the orders. */
  readonly key: 'order' | 'customer';
  /** A third of the partitions goes away with its zone. */
  readonly lost?: {
    readonly fromSecond: number;
    readonly seconds: number;
    /** Until the other zones carry its partitions, too; never without a replica. */
    readonly takeOverSeconds: number;
  };
  /** When a refused client asks again: all after the same time, or spread over it. */
  readonly retry: 'in step' | 'spread';
  /** Open orders of a partition, in seconds of its work: more are refused. */
  readonly openSecondsMax: number;
  readonly seconds: number;
}

export interface Outcome {
  /** Orders of the busiest partition, to the mean. */
  readonly busiest: number;
  /** Most orders that were open at one partition, in seconds of its work. */
  readonly openSeconds: number;
  /** Most requests to one partition in a second, to its capacity. */
  readonly peak: number;
  /** Requests that were refused or found nobody, for each order. */
  readonly refusals: number;
  /** From the loss until no client has to ask again and no partition is behind; Infinity for never. */
  readonly recoverySeconds: number;
}

const retryAfterSeconds = 10;

/** The share of all orders that each partition gets. */
function toWeights({ partitions, key }: Scenario, random: Random): readonly number[] {
  if (key === 'order') return Array.from({ length: partitions }, () => 1 / partitions);
  const weights = new Array<number>(partitions).fill(0);
  // The n-th customer places 1/n as many orders as the first.
  const sizes = Array.from({ length: customers }, (_, index) => 1 / (index + 1));
  const sum = sizes.reduce((total, size) => total + size, 0);
  for (const size of sizes) {
    const partition = random.whole(0, partitions - 1);
    weights[partition] = (weights[partition] ?? 0) + size / sum;
  }
  return weights;
}

/** Around the mean, as counts of independent arrivals are. */
function drawCount(mean: number, random: Random): number {
  const normal =
    Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());
  return Math.max(0, Math.round(mean + Math.sqrt(mean) * normal));
}

/** A partition's capacity in this second, to its usual one. */
function toShare({ lost }: Scenario, second: number, isOfLostZone: boolean): number {
  if (!lost || second < lost.fromSecond || second >= lost.fromSecond + lost.seconds) return 1;
  if (second >= lost.fromSecond + lost.takeOverSeconds) return 2 / 3;
  return isOfLostZone ? 0 : 1;
}

class Partition {
  open = 0;
  arrived = 0;
  refused = 0;
  openMost = 0;
  peak = 0;
  readonly #scenario: Scenario;
  readonly #random: Random;
  /** Clients that will ask again, by the second. */
  readonly #returning = new Map<number, number>();

  constructor(scenario: Scenario, random: Random) {
    this.#scenario = scenario;
    this.#random = random;
  }

  get isBehind(): boolean {
    return this.open > capacity || this.#returning.size > 0;
  }

  /** One second, with `share` of the usual capacity; 0: the partition is gone. */
  live(second: number, share: number, arrivals: number): void {
    const requests = arrivals + (this.#returning.get(second) ?? 0);
    this.#returning.delete(second);
    const room = share === 0 ? 0 : this.#scenario.openSecondsMax * capacity - this.open;
    const accepted = Math.min(requests, Math.max(0, Math.floor(room)));
    this.#comeBack(second, requests - accepted);
    this.arrived += arrivals;
    this.refused += requests - accepted;
    this.peak = Math.max(this.peak, requests / capacity);
    this.open = Math.max(0, this.open + accepted - Math.round(share * capacity));
    this.openMost = Math.max(this.openMost, this.open);
  }

  #comeBack(second: number, clients: number): void {
    const { retry } = this.#scenario;
    for (let client = 0; client < clients; client += 1) {
      const wait =
        retry === 'in step' ? retryAfterSeconds : this.#random.whole(1, 2 * retryAfterSeconds);
      // In step: clients that were refused within the same ten seconds come back together.
      const at = retry === 'in step' ? Math.ceil((second + 1) / wait) * wait : second + wait;
      this.#returning.set(at, (this.#returning.get(at) ?? 0) + 1);
    }
  }
}

export function simulate(scenario: Scenario, seed: number): Outcome {
  const random = createRandom(seed);
  const weights = toWeights(scenario, random);
  const partitions = weights.map(() => new Partition(scenario, random));
  const total = scenario.load * capacity * scenario.partitions;
  let behindUntil = 0;
  for (let second = 0; second < scenario.seconds; second += 1) {
    for (const [index, partition] of partitions.entries()) {
      const arrivals = drawCount(total * (weights[index] ?? 0), random);
      const share = toShare(scenario, second, index % 3 === 0);
      partition.live(second, share, arrivals);
    }
    if (partitions.some(({ isBehind }) => isBehind)) behindUntil = second + 1;
  }
  const sum = (of: (partition: Partition) => number) =>
    partitions.reduce((whole, partition) => whole + of(partition), 0);
  const most = (of: (partition: Partition) => number) => Math.max(...partitions.map(of));
  const arrived = sum((partition) => partition.arrived);
  return {
    busiest: (most((partition) => partition.arrived) * partitions.length) / arrived,
    openSeconds: most(({ openMost }) => openMost) / capacity,
    peak: most(({ peak }) => peak),
    refusals: sum(({ refused }) => refused) / arrived,
    recoverySeconds:
      behindUntil === scenario.seconds
        ? Number.POSITIVE_INFINITY
        : Math.max(0, behindUntil - (scenario.lost?.fromSecond ?? 0)),
  };
}
