/** A lane as a virtual object, shared by all replicas: one of a participant's, for the runs of a partition. */
import type { ObjectContext, ObjectSharedContext } from '@restatedev/restate-sdk';
import {
  admit,
  type Changed,
  emptyLane,
  hear,
  isProbe,
  type LaneState,
  release,
  toLeaseEnd,
  viewLane,
} from './lane-state.ts';
import { countLanes, readLaneName, toShare } from './partition.ts';
import { breaker, type LaneHandlers, run } from './services.ts';

type Context = ObjectContext | ObjectSharedContext;

/** `callsMax`: of all lanes of a participant. */
export function createLaneHandlers({ callsMax }: { readonly callsMax: number }): LaneHandlers {
  const toOptions = (context: Context) => ({
    callsMax: toShare(callsMax, readLaneName(context.key).index),
    // However many lanes there are, one breaker hears of them all.
    tellOfMax: 2 * countLanes(callsMax),
  });
  return {
    async admit(context, wanted) {
      const { now } = wanted;
      const options = toOptions(context);
      let current = await read(context);
      let isGranted = false;
      if (isProbe(current, wanted, options)) {
        const asked = context.objectClient(breaker, readLaneName(context.key).participant);
        const answer = await asked.probe({ now, until: toLeaseEnd(wanted) });
        current = hear(current, answer.copy).lane;
        isGranted = answer.isGranted;
      }
      const after = admit(current, wanted, options, isGranted);
      keep(context, after);
      return after.barrier;
    },
    async release(context, ended) {
      const after = release(await read(context), ended, toOptions(context));
      keep(context, after);
      const { outcomes } = after;
      if (outcomes.length === 0) return;
      const { participant, index } = readLaneName(context.key);
      const told = { lane: index, era: after.lane.copy.era, outcomes };
      context.objectSendClient(breaker, participant).learn(told);
    },
    async hear(context, copy) {
      keep(context, hear(await read(context), copy));
    },
    async view(context) {
      const found = await context.get<LaneState>('lane');
      return found && viewLane(found);
    },
  };
}

function keep(context: ObjectContext, { lane, next }: Changed): void {
  context.set('lane', lane);
  for (const id of next) context.objectSendClient(run, id).drive({});
}

const read = async (context: Context): Promise<LaneState> =>
  (await context.get<LaneState>('lane')) ?? emptyLane;
