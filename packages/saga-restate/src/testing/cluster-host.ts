/** Where the engine's own stories are played on a cluster in memory. */
import type { Clock, Event } from '@baton/saga';
import type { CreateHost } from '@baton/saga/fixtures/story';
import { createMemoryJournal } from '@baton/saga/testing';
import { createRestateEngine } from '../restate-engine.ts';
import { run } from '../services.ts';
import { createSimulatedCluster } from './simulated-cluster.ts';

export const createClusterHost: CreateHost = (clock) => {
  const cluster = createSimulatedCluster(clock);
  let life = 0;
  return {
    open(options, onPoint) {
      const own = life;
      cluster.onPoint = onPoint;
      // What a process that ended left behind sets no timer any more.
      const ownClock: Clock = {
        now: clock.now,
        setTimer: (delayMs, ring) => (own === life ? clock.setTimer(delayMs, ring) : () => {}),
      };
      const journal = createMemoryJournal();
      return createRestateEngine({ ...options, journal, clock: ownClock }, cluster.link);
    },
    crash() {
      life += 1;
      cluster.crash();
    },
    events(id) {
      const stored = cluster.stored(run.name, id, 'run') as
        | { readonly events: Event[] }
        | undefined;
      return stored?.events ?? [];
    },
  };
};
