/**
 * Ends a call for its caller some time after a fault began to keep it waiting. A deadline by the clock alone would also
 * end calls that are only slow, since the machine is busy with hundreds of others, and no cell would be what it says.
 */
import type { PlannedWay } from '@baton/saga';
import { deadlineMs } from './fault-facts.ts';

type Perform = PlannedWay['perform'];

export interface Deadlines {
  readonly wrap: (perform: Perform) => Perform;
  /** For the attempt that this order is at: it makes one at a time. */
  readonly start: (orderId: string) => void;
}

export function createDeadlines(): Deadlines {
  const current = new Map<string, AbortController>();
  return {
    wrap: (perform) => async (now) => {
      const deadline = new AbortController();
      current.set(now.id, deadline);
      const signal = AbortSignal.any([now.attempt.signal, deadline.signal]);
      const attempt = { ...now.attempt, signal };
      return perform({ ...now, attempt, call: (operation, body) => operation(body, attempt) });
    },
    start: (orderId) => {
      const deadline = current.get(orderId);
      // What a client takes for a deadline that has passed.
      const passed = new DOMException('no answer in time', 'TimeoutError');
      setTimeout(() => deadline?.abort(passed), deadlineMs);
    },
  };
}
