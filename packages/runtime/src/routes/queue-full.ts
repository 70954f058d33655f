/** What is answered past the limit of open orders, and when it is not even asked what is ordered. */
import type { Operation } from '@baton/contracts';
import type { Engine } from '@baton/saga';
import type { Workflow } from '../workflow.ts';

/** The longest that a client is told to stay away, in seconds. */
const retryAfterMax = 3;

/**
 * Places are free again as soon as orders settle, so nobody is sent away for long; the spread keeps those who were
 * refused together from coming back together.
 */
export const toQueueFull = (random: () => number = Math.random) => ({
  problem: 'queue-full' as const,
  headers: { 'retry-after': String(1 + Math.floor(random() * retryAfterMax)) },
});

async function isFull(engine: Pick<Engine, 'counts'>): Promise<boolean> {
  const { open, openMax } = await engine.counts();
  return open >= openMax;
}

/** Before an order is read, so a known key is refused as well: asked for again, it gets its answer. */
export const createShed =
  (engine: Engine, workflows: readonly Workflow[], random?: () => number) =>
  async (operation: Operation) =>
    workflows.some(({ operations }) => operation === operations.submit) && (await isFull(engine))
      ? toQueueFull(random)
      : undefined;
