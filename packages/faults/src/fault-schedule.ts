/** Faults that come and go at random, the same ones for the same seed. */
import { Fault, type FaultOperation, faultableOperations, faultKinds } from '@baton/contracts';

export interface FaultChange {
  /** After the previous change. */
  readonly afterMs: number;
  readonly operation: FaultOperation;
  /** Null switches it off. */
  readonly fault: Fault | null;
}

const onMax = 3;
const gapMinMs = 300;
const gapSpreadMs = 2_700;

/** mulberry32: small, and good enough for choosing. */
function createRandom(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function pick<T>(items: readonly T[], random: () => number): T {
  const item = items[Math.floor(random() * items.length)];
  if (item === undefined) throw new Error('There is nothing to pick from');
  return item;
}

/** Each fault spares some attempts, so that orders get through; delays stay below time-outs mostly. */
function toRandomFault(random: () => number): Fault {
  const kind = pick(faultKinds, random);
  const fraction = Math.round(20 + random() * 60) / 100;
  const ms = Math.round(100 + random() * 900);
  const when = random() < 0.5 ? 'before' : 'after';
  const delayed = kind === 'latency' || kind === 'late' || kind === 'drip';
  return Fault.parse({
    kind,
    fraction,
    ...(delayed && { ms }),
    // One crash for each order is plenty.
    ...(kind === 'crash' && { when, times: 1 }),
  });
}

/** Without an end. */
export function* scheduleFaults(seed: number): Generator<FaultChange, never> {
  const random = createRandom(seed);
  const on = new Set<FaultOperation>();
  for (;;) {
    const afterMs = Math.round(gapMinMs + random() * gapSpreadMs);
    const isOff = on.size >= onMax || (on.size > 0 && random() < 0.5);
    const operations = faultableOperations.filter((name) => on.has(name) === isOff);
    const operation = pick(operations, random);
    if (isOff) on.delete(operation);
    else on.add(operation);
    yield { afterMs, operation, fault: isOff ? null : toRandomFault(random) };
  }
}
