/**
 * What goes wrong with runs, and what is done about it, as log lines that lead to the runs' traces. Lines hold ids,
 * codes and names of the plan: no order's content, no answer, and no reason that a person gave.
 */
import { type Event, type Feed, type RunState, readWay } from '@baton/saga';
import type { Log } from '@baton/telemetry';
import { toNextAttempt } from '../traces/span-outline.ts';
import { findWorkflow, listSagas, toIdField, type Workflows } from '../workflow.ts';
import { findDefinition } from './definition.ts';
import { findTelling, type Logged } from './event-table.ts';
import { toStepName } from './event-words.ts';
import { toInstant } from './instant.ts';
import { findSpan } from './run-trace.ts';
import { findWay } from './run-view.ts';

export function logRuns(feed: Pick<Feed, 'subscribe'>, workflows: Workflows, log: Log): void {
  const sagas = listSagas(workflows);
  feed.subscribe(({ run, event, state }) => {
    const told = findTelling(event.type).log;
    if (told === null) return;
    const logged = { state, saga: findDefinition(sagas, state) };
    const level = typeof told === 'string' ? told : told(event, logged);
    if (!log.isLevelEnabled(level)) return;
    for (const said of listSaid(event, state)) {
      const span = findSpan(run, state, 'attempt' in said ? state.calls : undefined);
      log[level](
        {
          ...toIdField(findWorkflow(workflows, state), run),
          ...toAimFields(said, logged),
          ...toReplyFields(said),
          ...(span && { trace_id: span.traceId, span_id: span.spanId }),
        },
        event.type.replaceAll('-', ' '),
      );
    }
  });
}

/** A line for each: of a restart, each call that it may have cut off is one. */
function listSaid(event: Event, state: RunState): readonly Event[] {
  if (event.type !== 'recovered' || !event.interrupted?.length) return [event];
  return event.interrupted.map(({ way, direction }) => ({
    ...event,
    way,
    direction,
    attempt: toNextAttempt(state, way, direction),
    code: 'interrupted',
  }));
}

/** What it is about. A field that is undefined is not written. */
function toAimFields(event: Event, { state, saga }: Logged) {
  const way = findWayName(event, state);
  if (way === null) return {};
  const step = toStepName(way);
  const { direction } = findTelling(event.type);
  return {
    step,
    way: way === step ? undefined : 'alternate',
    direction: ('direction' in event ? event.direction : direction) ?? undefined,
    participant: findWay(saga, way)?.participant,
    attempt: findAttempt(event, way, state),
  };
}

/** Null for what is about the whole run. */
function findWayName(event: Event, state: RunState): string | null {
  if ('way' in event) return event.way;
  if (!('step' in event) || event.step === null) return null;
  // The step is given up: its last way counts.
  const alternate = `${event.step}:alt`;
  return readWay(state, alternate).since === null ? event.step : alternate;
}

/** The last attempt that was sent for a way that is given up. */
function findAttempt(event: Event, way: string, state: RunState): number | undefined {
  if ('attempt' in event) return event.attempt;
  return ('step' in event && readWay(state, way).attempts) || undefined;
}

const toReplyFields = (event: Event) => ({
  ...('code' in event && { code: event.code }),
  ...('note' in event && { note: event.note }),
  ...('retryAt' in event && event.retryAt > event.at && { retryAt: toInstant(event.retryAt) }),
});
