// A run's end in the types of its definition. Not the wait for it: that is the engine's.
import { readOutputs } from '../core/decide.ts';
import type { Saga } from '../core/saga.ts';
import type { RunState } from '../core/state.ts';
import type { Engine, Settled } from './engine.ts';

type Settle = (id: string, signal?: AbortSignal) => Promise<RunState | undefined>;
type Asked = [string, AbortSignal?] | [Saga<unknown>, string, AbortSignal?];

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
