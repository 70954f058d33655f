/** How long steps, undos and single attempts took, and what they were answered. Times are the journal's. */
import { type Committed, type Engine, type Event, readWay, type TriedEvent } from '@baton/saga';
import { createHistogram, type Metrics } from '@baton/telemetry';
import { findTelling } from '../run/event-table.ts';
import type { FindSpan } from '../run/exemplar.ts';

type ReadableEngine = Pick<Engine, 'feed' | 'read'>;

export function timeSteps(engine: ReadableEngine, metrics: Metrics, findSpan: FindSpan): void {
  const observeAttempt = createHistogram(metrics.registry, {
    name: 'baton_attempt_duration_seconds',
    help: 'Single attempts of a step or of its undo, by reply',
    labelNames: ['step', 'direction', 'reply'],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
  });
  const observeStep = createHistogram(metrics.registry, {
    name: 'baton_step_duration_seconds',
    help: 'From the first attempt of a step, or of its undo, to the reply that ended it',
    labelNames: ['step', 'direction'],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900],
  });
  engine.feed.subscribe((committed) => {
    const { run, event, state } = committed;
    if (!isTried(event)) return;
    const { way: step, at, startedAt } = event;
    const { direction, reply } = findTelling(event.type);
    const span = findSpan(run, state, state.calls);
    observeAttempt({ step, direction, reply }, toSeconds(at - startedAt), span);
    void findBeginning(engine, committed, event).then((since) => {
      if (since !== null) observeStep({ step, direction }, toSeconds(at - since), span);
    });
  });
}

const isTried = (event: Event): event is TriedEvent => 'attempt' in event;
/** A clock that was set back makes no negative time. */
const toSeconds = (ms: number): number => Math.max(0, ms) / 1_000;

/** Null where the step goes on. When an undo began is no part of the state, and undos are few enough to be looked up. */
async function findBeginning(
  engine: ReadableEngine,
  { run, state }: Committed,
  { type, way, startedAt }: TriedEvent,
): Promise<number | null> {
  switch (type) {
    case 'step-succeeded':
    case 'step-refused':
      return readWay(state, way).since;
    case 'undo-succeeded': {
      // Where it cannot be read any more, such as after a stop, the last attempt is all that is known.
      const view = await engine.read(run).catch(() => undefined);
      const attempts = view?.events.filter(isTried) ?? [];
      const isOfUndo = (tried: TriedEvent): boolean =>
        tried.way === way && findTelling(tried.type).direction === 'undo';
      return (attempts.find(isOfUndo) ?? { startedAt }).startedAt;
    }
    default:
      return null;
  }
}
