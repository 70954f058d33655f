/**
 * Products and prices, the last known ones while the order service is down. They are learned in the background, and
 * kept in a file, so that a new orchestrator has them before the order service ever answered it.
 */
import { type Participants, toInstant } from '@baton/runtime';
import type { Clock } from '@baton/saga';
import { type Metrics, runUntraced } from '@baton/telemetry';
import { Gauge } from 'prom-client';
import type { CatalogFile, KnownCatalog } from './catalog-file.ts';

export interface Catalog {
  /** Undefined when nothing was ever learned. */
  read(signal: AbortSignal): Promise<(KnownCatalog & { readonly stale: boolean }) | undefined>;
  /** Whether the order service did not answer when it was last asked. */
  isStale(): boolean;
  stop(): void;
}

export interface CatalogOptions {
  readonly participants: Participants;
  readonly clock: Clock;
  /** Without one, nothing is known after a restart. */
  readonly file?: CatalogFile | undefined;
}

/** A caller is not made to wait longer than this for prices that are known already. */
const patienceMs = 1_000;
/** Nobody need ask for prices for the orchestrator to have them when they are asked for. */
const learnEveryMs = 30_000;
const learnAgainMs = 1_000;

export function createCatalog({ participants, clock, file }: CatalogOptions): Catalog {
  let known = file?.read();
  let isStale = true;
  const learn = async (signal: AbortSignal): Promise<void> => {
    const reply = await participants['order-service'].getCatalog({}, { signal });
    isStale = !reply.ok;
    if (!reply.ok) return;
    const learned = { products: reply.body.products, at: toInstant(clock.now()) };
    const isNews = JSON.stringify(learned.products) !== JSON.stringify(known?.products);
    known = learned;
    if (isNews) file?.write(learned);
  };
  const stopLearning = learnOnAndOn(clock, async () => {
    await runUntraced(() => learn(AbortSignal.timeout(patienceMs)));
    return isStale ? learnAgainMs : learnEveryMs;
  });
  return {
    async read(signal) {
      await learn(AbortSignal.any([signal, AbortSignal.timeout(patienceMs)]));
      return known && { ...known, stale: isStale };
    },
    isStale: () => isStale,
    stop: stopLearning,
  };
}

/** `learn` says after how many milliseconds it wants to be called again. */
function learnOnAndOn(clock: Clock, learn: () => Promise<number>): () => void {
  let callOff = (): void => {};
  let hasStopped = false;
  const again = async (): Promise<void> => {
    const delayMs = await learn();
    if (!hasStopped) callOff = clock.setTimer(delayMs, () => void again());
  };
  void again();
  return () => {
    hasStopped = true;
    callOff();
  };
}

export function showCatalog(catalog: Catalog, { registry }: Metrics): void {
  new Gauge({
    name: 'baton_catalog_stale',
    help: '1 while the order service does not answer and prices are the last known ones',
    registers: [registry],
    collect() {
      this.set(catalog.isStale() ? 1 : 0);
    },
  });
}
