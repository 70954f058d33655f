/** Kills and freezes one process after the other, and now and then several or all of them at once, by a seed. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Random } from '../src/random.ts';
import type { KeptProcess } from './kept-process.ts';

export interface Troubles {
  kills: number;
  freezes: number;
}

const pauseMinMs = 200;
const pauseMaxMs = 2_500;
/** Longer than any call waits for its answer. */
const frozenMaxMs = 5_000;

type Victims = readonly KeptProcess[];

/** Both orchestrators at once, or no order would lose its process: the standby only waits. */
function pickVictims(processes: Victims, random: Random): Victims {
  if (random.chance(0.05)) return processes;
  if (random.chance(0.15)) return processes.filter(() => random.chance(0.4));
  if (random.chance(0.15)) return processes.filter(({ app }) => app === 'orchestrator');
  return [random.pick(processes)];
}

/** Resolves soon after the signal. */
export async function makeTrouble(
  processes: Victims,
  random: Random,
  { troubles, signal }: { readonly troubles: Troubles; readonly signal: AbortSignal },
): Promise<void> {
  const wait = (): Promise<unknown> =>
    delay(random.whole(pauseMinMs, pauseMaxMs), undefined, { signal }).catch(() => {});
  function hit(victim: KeptProcess, isKill: boolean): void {
    if (isKill) victim.kill();
    else victim.freeze(random.whole(100, frozenMaxMs));
    troubles[isKill ? 'kills' : 'freezes'] += 1;
  }
  while (!signal.aborted) {
    const victims = pickVictims(processes, random);
    const isKill = random.chance(0.6);
    // A process that is hit each time it comes back is not to blame, nor are its orders.
    const times = random.chance(0.1) ? random.whole(3, 6) : 1;
    for (let time = 0; time < times; time++) {
      await wait();
      if (signal.aborted) return;
      for (const victim of victims) hit(victim, isKill);
    }
  }
}
