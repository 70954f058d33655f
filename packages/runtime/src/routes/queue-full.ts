/** The answer beyond the limit of open orders, or without room on the disk: before the request is read. */
import type { Operation } from '@baton/contracts';
import type { Engine } from '@baton/saga';
import type { Workflow } from '../workflow.ts';

/** The longest that a client is told to stay away, in seconds. */
const retryAfterMax = 3;

/**
 * Room is free again as soon as orders settle, so no client is sent away for long; the spread keeps clients that were
 * refused together from coming back together.
 */
export const toQueueFull = (random: () => number = Math.random) => ({
  problem: 'queue-full' as const,
  headers: { 'retry-after': String(1 + Math.floor(random() * retryAfterMax)) },
});

const noRoom = {
  problem: 'unavailable',
  detail: 'the disk of the journal is full',
  headers: { 'retry-after': '5' },
} as const;

/** Runs before an order is read, so a known key is refused as well: a later request gets its answer. */
export const createShed =
  (engine: Engine, workflows: readonly Workflow[], random?: () => number) =>
  async (operation: Operation) => {
    const { open, openMax, hasRoom } = await engine.counts();
    if (!hasRoom) return noRoom;
    const isNew = workflows.some(({ operations }) => operation === operations.submit);
    return isNew && open >= openMax ? toQueueFull(random) : undefined;
  };
