/**
 * A lane as a virtual object, shared by all replicas: one of a participant's, for the runs of a partition. Its state grows
 * with its line: what is as it was is not written again.
 */
import { isDeepStrictEqual } from 'node:util';
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
      const before = await read(context);
      let current = before;
      let isGranted = false;
      if (isProbe(current, wanted, options)) {
        const asked = context.objectClient(breaker, readLaneName(context.key).participant);
        const answer = await asked.probe({ now, until: toLeaseEnd(wanted) });
        current = hear(current, answer.copy).lane;
        isGranted = answer.isGranted;
      }
      const after = admit(current, wanted, options, isGranted);
      keep(context, before, after);
      return after.barrier;
    },
    async release(context, ended) {
      const before = await read(context);
      const after = release(before, ended, toOptions(context));
      keep(context, before, after);
      const { outcomes } = after;
      if (outcomes.length === 0) return;
      const { participant, index } = readLaneName(context.key);
      const told = { lane: index, era: after.lane.copy.era, outcomes };
      context.objectSendClient(breaker, participant).learn(told);
    },
    async hear(context, copy) {
      const before = await read(context);
      keep(context, before, hear(before, copy));
    },
    async view(context) {
      const found = await context.get<LaneState>('lane');
      return found && viewLane(found);
    },
  };
}

function keep(context: ObjectContext, before: LaneState, { lane, next }: Changed): void {
  if (!isDeepStrictEqual(lane, before)) context.set('lane', lane);
  for (const id of next) context.objectSendClient(run, id).drive({});
}

const read = async (context: Context): Promise<LaneState> =>
  (await context.get<LaneState>('lane')) ?? emptyLane;
