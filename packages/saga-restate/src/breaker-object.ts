/** A breaker as a virtual object, keyed by the participant's name. */
import type { BreakerOptions } from '@baton/saga';
import type { ObjectContext, ObjectSharedContext } from '@restatedev/restate-sdk';
import {
  type BreakerState,
  hastenBreaker,
  learn,
  probe,
  toCopy,
  unknownBreaker,
  viewBreaker,
} from './breaker-state.ts';
import { countLanes, nameLane } from './partition.ts';
import { type BreakerHandlers, type Learnt, lane } from './services.ts';

interface BreakerObjectOptions {
  readonly callsMax: number;
  readonly breaker: BreakerOptions;
}

export function createBreakerHandlers({
  callsMax,
  breaker: options,
}: BreakerObjectOptions): BreakerHandlers {
  /** Tells the lanes what is new to them; the one that told of it last, also what it has missed. */
  function change(
    context: ObjectContext,
    before: BreakerState,
    after: BreakerState,
    from?: Omit<Learnt, 'outcomes'>,
  ): void {
    context.set('breaker', after);
    const [known, copy] = [toCopy(before), toCopy(after)];
    const isNew = known.era !== copy.era || known.until !== copy.until;
    for (let index = 0; index < countLanes(callsMax); index++) {
      const hasMissed = from?.lane === index && from.era < copy.era;
      if (isNew || hasMissed)
        context.objectSendClient(lane, nameLane(context.key, index)).hear(copy);
    }
  }
  return {
    async learn(context, { outcomes, ...from }) {
      const before = await read(context);
      change(context, before, learn(before, outcomes, options), from);
    },
    async probe(context, { now, until }) {
      const { state, isGranted } = probe(await read(context), now, until);
      context.set('breaker', state);
      return { copy: toCopy(state), isGranted };
    },
    async hasten(context, now) {
      const before = await read(context);
      change(context, before, hastenBreaker(before, now));
    },
    view: async (context) => viewBreaker(await read(context)),
  };
}

const read = async (context: ObjectContext | ObjectSharedContext): Promise<BreakerState> =>
  (await context.get<BreakerState>('breaker')) ?? unknownBreaker;
