/**
 * Everything as real processes, each behind a proxy that breaks requests; orders all the time; kills and freezes of
 * everything. Then calm: each order must end by itself, and the books be exact. The seed says what happens, not exactly
 * when.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { listedParticipants } from '@baton/contracts';
import { createRandom } from '../src/random.ts';
import { audit, countEnds, countPlaces } from './auditor.ts';
import { type BreakingProxy, startBreakingProxy } from './breaking-proxy.ts';
import { type Customers, inviteCustomers } from './customers.ts';
import { type KeptProcess, keepProcess } from './kept-process.ts';
import { makeTrouble, type Troubles } from './troubles.ts';

export interface ChaosOptions {
  readonly seed: number;
  readonly seconds: number;
  readonly dataDir: string;
  readonly say: (line: string) => void;
}

export interface Chaos {
  /** Faults in words: empty when all orders ended whole. */
  play(): Promise<readonly string[]>;
  /** Leaves no process. */
  end(): Promise<void>;
}

interface House {
  readonly processes: readonly KeptProcess[];
  readonly proxies: readonly BreakingProxy[];
  /** The address for customers. */
  readonly url: string;
}

const tellEveryMs = 5_000;
const lookEveryMs = 500;
/** An undo or a message that failed often waits a quarter of an hour at most; hardly any gets so far. */
const settleLongestMs = 600_000;

/** Each part has its own seed, so that no part changes another. */
function createSeeds(seed: number): () => number {
  const random = createRandom(seed);
  return () => random.whole(0, 2 ** 32 - 1);
}

async function openHouse(dataDir: string, nextSeed: () => number): Promise<House> {
  const processes: KeptProcess[] = [];
  const proxies: BreakingProxy[] = [];
  async function addProxy({ port }: KeptProcess): Promise<string> {
    const proxy = await startBreakingProxy({ port, random: createRandom(nextSeed()) });
    proxies.push(proxy);
    return proxy.url;
  }
  const participants = await Promise.all(
    listedParticipants.map(({ name }) => keepProcess(name, { dataDir })),
  );
  const env: Record<string, string> = { STANDBY: 'true' };
  for (const [place, { urlVariable }] of listedParticipants.entries()) {
    const participant = participants[place];
    if (participant) env[urlVariable] = await addProxy(participant);
  }
  const first = await keepProcess('orchestrator', { dataDir, env });
  const standby = await keepProcess('orchestrator', { dataDir, env, port: first.port });
  processes.push(...participants, first, standby);
  return { processes, proxies, url: await addProxy(first) };
}

const toSeconds = (ms: number): string => (ms / 1_000).toFixed(0);
const toCount = (count: number): string => count.toLocaleString('en');

function toBroken(proxies: readonly BreakingProxy[]): Map<string, number> {
  const broken = new Map<string, number>();
  for (const [kind, count] of proxies.flatMap((proxy) => [...proxy.broken]))
    broken.set(kind, (broken.get(kind) ?? 0) + count);
  return broken;
}

const sum = (counts: Iterable<number>): number => [...counts].reduce((all, one) => all + one, 0);

export function prepareChaos({ seed, seconds, dataDir, say }: ChaosOptions): Chaos {
  const nextSeed = createSeeds(seed);
  let beganMs = performance.now();
  const troubles: Troubles = { kills: 0, freezes: 0 };
  const opening = openHouse(dataDir, nextSeed);

  let places = new Map<string, number>();
  /** False when the counts are not known just now. */
  function look(): boolean {
    const found = countPlaces(dataDir);
    places = found ?? places;
    return found !== undefined;
  }

  function tell({ proxies }: House, { orders }: Customers): void {
    look();
    const settled = places.get('done') ?? 0;
    const { kills, freezes } = troubles;
    const broken = sum(toBroken(proxies).values());
    say(
      `${toSeconds(performance.now() - beganMs)} s: ${toCount(orders.length)} orders sent, ` +
        `${toCount(sum(places.values()))} accepted, ${toCount(settled)} settled; ` +
        `kills: ${kills}, freezes: ${freezes}, broken requests: ${toCount(broken)}`,
    );
  }

  /** False when the time was up. */
  async function untilSettled(tellNow: () => void): Promise<boolean> {
    const deadline = performance.now() + settleLongestMs;
    let toldMs = performance.now();
    while (performance.now() < deadline) {
      if (look() && places.get('done') === sum(places.values())) return true;
      await delay(lookEveryMs);
      if (performance.now() - toldMs < tellEveryMs) continue;
      toldMs = performance.now();
      tellNow();
    }
    return false;
  }

  async function rage(house: House, customers: Customers): Promise<void> {
    const signal = AbortSignal.timeout(seconds * 1_000);
    const random = createRandom(nextSeed());
    const over = makeTrouble(house.processes, random, { troubles, signal }).then(() => true);
    while (!(await Promise.race([over, delay(tellEveryMs, false)]))) tell(house, customers);
    tell(house, customers);
  }

  async function calmDown({ proxies }: House, customers: Customers, tellNow: () => void) {
    for (const proxy of proxies) proxy.calm();
    say('calm: nothing is broken any more');
    const calmMs = performance.now();
    await customers.finish();
    // Held requests may come after the end, and an order may be among them.
    const isSettled = await untilSettled(tellNow);
    say(
      `${isSettled ? 'settled' : 'NOT settled'} ${toSeconds(performance.now() - calmMs)} s later`,
    );
    await Promise.all(proxies.map((proxy) => proxy.deliverHeld()));
    if (isSettled) await untilSettled(tellNow);
  }

  function sayWhatCame({ proxies }: House): void {
    const ends = countEnds(dataDir);
    const toText = ([name, count]: [string, number]) => `${toCount(count)} ${name}`;
    say(`orders: ${[...ends].map(toText).join(', ')}`);
    say(`requests: ${[...toBroken(proxies)].toSorted().map(toText).join(', ')}`);
  }

  return {
    play: async () => {
      const house = await opening;
      say(
        `up after ${toSeconds(performance.now() - beganMs)} s: ${house.processes.length} processes`,
      );
      beganMs = performance.now();
      const customers = inviteCustomers({ url: house.url, random: createRandom(nextSeed()) });
      await rage(house, customers);
      await calmDown(house, customers, () => tell(house, customers));
      const surprises = house.processes.flatMap((process) => process.surprises);
      await Promise.all(house.processes.map((process) => process.end()));
      sayWhatCame(house);
      return [...customers.complaints, ...surprises, ...audit(dataDir, customers.orders)];
    },
    end: async () => {
      const { processes, proxies } = await opening;
      await Promise.all([...processes, ...proxies].map(close));
    },
  };
}

const close = (one: KeptProcess | BreakingProxy): Promise<void> =>
  'end' in one ? one.end() : one.close();
