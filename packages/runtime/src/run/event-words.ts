/** Words for what an order's events are about. */
import { isForeign, isPastPivot, type RunState, type RunView, type TriedEvent } from '@baton/saga';
import type { SpanAttributes } from '@baton/telemetry';

/** What is tried: `pay`, `the undo of pay`. */
export const toAim = ({ way, direction }: { way: string; direction: string }): string =>
  direction === 'undo' ? `the undo of ${way}` : way;

/** Undos that an operator wrote off. */
export const findGivenUp = ({ ways }: RunState): string[] =>
  Object.entries(ways).flatMap(([way, { writtenOff }]) =>
    writtenOff?.direction === 'undo' ? [way] : [],
  );

/** The pivot was under way when the cancellation came, and was done. */
export const isCancelledTooLate = ({ saga, state }: Pick<RunView, 'saga' | 'state'>): boolean =>
  state.cancelRequested &&
  (state.phase === 'completed' || (saga !== null && isPastPivot(saga, state)));

/** Another request under one of the run's keys did something, which Baton does not undo. */
export const isOfUsedKey = ({ reason }: Pick<RunState, 'reason'>): boolean =>
  reason?.code === 'key-reused';

/** Ways whose effect is an earlier run's, under the same id: Baton does not undo them. */
export const findForeign = (state: RunState): string[] =>
  Object.keys(state.ways).filter((way) => isForeign(state, way));

/** The participant had done it for an earlier attempt, and repeated its answer. */
export const isReplay = ({ details }: Pick<TriedEvent, 'details'>): boolean =>
  details?.replayed !== undefined;

/** Only the watchdog requeues; older events do not say who asked. */
export const isOfWatchdog = ({ by, nudge }: { by?: string; nudge?: true }): boolean =>
  by === 'watchdog' || (by === undefined && nudge === true);

const words: Readonly<Record<string, string>> = {
  interrupted: 'the orchestrator ended before an answer came',
  'timed-out': 'no answer in time',
  'connection-reset': 'the connection broke before an answer came',
  'connection-refused': 'nobody listens there',
  'connection-failed': 'the connection failed',
  'host-not-found': 'there is no such host',
  'lookup-failed': 'its name could not be looked up',
  'host-unreachable': 'no way leads there',
  'connect-timed-out': 'no connection in time',
  'tls-failed': 'no secure connection came about',
  'certificate-refused': 'its certificate is not valid',
  'malformed-reply': 'the answer broke the contract',
  'wrong-order': 'the answer was about another order',
  fenced: 'the service no longer lets it happen',
  'key-reused': 'its key stands for another request, whose effect is left alone',
};

/** `refused`: the business said no, which is no fault of the system. `failed`: attempts or time ran out. */
type Cause = 'refused' | 'failed' | 'cancelled';

/** Why an order is undone, because of this step. A cancelled order has no step to blame. */
export function toCause(step: string | null, { ways }: Pick<RunState, 'ways'>): Cause {
  if (step === null) return 'cancelled';
  const tried = Object.entries(ways).filter(([way]) => toStepName(way) === step);
  return tried.some(([, { result }]) => result === 'refused') ? 'refused' : 'failed';
}

/** Of a way. */
export const toStepName = (way: string): string => way.split(':', 1)[0] ?? way;

/** Of a code. */
export const toWords = (code: string): string =>
  words[code] ?? code.replace(/^status-(\d+)$/, 'it answered $1');

/** A way, in the attributes of a span. */
export function toWayAttributes(way: string): SpanAttributes {
  const [step, alternate] = way.split(':');
  return { 'baton.step': step, 'baton.way': alternate ? 'alternate' : 'first' };
}
