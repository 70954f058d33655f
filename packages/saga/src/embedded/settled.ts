/** A run's end: its waiting callers, and its outputs in the types of its definition. */
import { EventEmitter, once } from 'node:events';
import { readOutputs } from '../core/decide.ts';
import type { Saga } from '../core/saga.ts';
import type { RunState } from '../core/state.ts';
import type { Engine, Settled } from './engine.ts';

type Settle = (id: string, signal?: AbortSignal) => Promise<RunState | undefined>;
type Asked = [string, AbortSignal?] | [Saga<unknown>, string, AbortSignal?];

export class Ends {
  readonly #emitter = new EventEmitter().setMaxListeners(0);

  /** Resolves with undefined once `signal` aborts, or when all are sent home. */
  async wait(id: string, signal?: AbortSignal): Promise<RunState | undefined> {
    try {
      const [state] = await once(this.#emitter, toEnd(id), signal && { signal });
      return state;
    } catch (error) {
      if (signal?.aborted) return undefined;
      throw error;
    }
  }

  tell(id: string, state: RunState): void {
    this.#emitter.emit(toEnd(id), state);
  }

  sendHome(): void {
    // Beside each end, `once` listens for an error.
    for (const end of this.#emitter.eventNames()) if (end !== 'error') this.#emitter.emit(end);
  }
}

/** A run may be called `error`, which means something to an emitter. */
const toEnd = (id: string): string => `end of ${id}`;

/** Both forms of `settled`, from the one without types. */
export function createSettled(settle: Settle): Engine['settled'] {
  const settled = async (...asked: Asked) => {
    if (!isTyped(asked)) return settle(...asked);
    const [saga, ...rest] = asked;
    const state = await settle(...rest);
    return state && toSettled(saga, state);
  };
  return settled as Engine['settled']; // the named boundary: which form was called decides what it resolves with
}

const isTyped = (asked: Asked): asked is Extract<Asked, [Saga<unknown>, ...unknown[]]> =>
  typeof asked[0] !== 'string';

function toSettled(saga: Saga<unknown>, state: RunState): Settled<object> | undefined {
  if (saga.name !== state.saga || saga.version !== state.version) return undefined;
  const { phase, reason } = state;
  if (phase !== 'completed' && phase !== 'compensated') return undefined;
  return { phase, outputs: readOutputs(saga, state), reason, state };
}
