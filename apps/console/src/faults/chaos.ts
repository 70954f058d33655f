/** Random faults, the same for the same seed. */
import type { Fault } from '@baton/contracts';
import { signal } from '@preact/signals';
import { setFault } from '../api.ts';
import { type FaultKind, faultKinds } from './kinds.ts';

/** Numbers from 0 to 1: mulberry32, which is enough for chaos. */
export function createRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export interface Blow {
  readonly operation: string;
  readonly fault: Fault;
}

/** A declined undo needs a person to mend it: chaos must end by itself. */
const kinds = faultKinds.filter((kind: FaultKind) => kind !== 'decline');

export function toBlow(random: () => number, operations: readonly string[], nowMs: number): Blow {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
  const operation = pick(operations);
  const kind = pick(kinds);
  const fraction = Math.ceil(random() * 8) / 10;
  const until = new Date(nowMs + 1_000 + Math.floor(random() * 4_000)).toISOString();
  return { operation, fault: { kind, fraction, until } as Fault };
}

export const chaosMs = 20_000;
const blowMs = 1_000;

export const isChaos = signal(false);

/** Goes on whichever view is shown. */
export function startChaos(seed: number, operations: readonly string[]): void {
  const endsAt = Date.now() + chaosMs;
  const random = createRandom(seed);
  isChaos.value = true;
  const timer = setInterval(() => {
    if (Date.now() > endsAt) {
      clearInterval(timer);
      isChaos.value = false;
      return;
    }
    const { operation, fault } = toBlow(random, operations, Date.now());
    void setFault(operation, fault);
  }, blowMs);
}
