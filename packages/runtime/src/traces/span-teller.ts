/** Tells committed events as spans, one after the other, and keeps in mind what went before in each order. */
import { type Event, findRepairs, isSettled, type RunView, type Saga } from '@baton/saga';
import type { Log, SpanRecord } from '@baton/telemetry';
import { type FindSaga, project } from './run-spans.ts';
import type { Progress } from './span-outline.ts';

export interface TellerOptions {
  /** The engine's `read`, for the run's history alone. */
  readonly read: (run: string) => Promise<Pick<RunView, 'events'> | undefined>;
  readonly sagas: readonly Saga<unknown>[];
  readonly log: Pick<Log, 'error'>;
}

const ordersMax = 5_000;

export function createTeller({ read, sagas, log }: TellerOptions) {
  const orders = new Map<string, Progress>();
  const findSaga: FindSaga = ({ saga, version }) =>
    sagas.find((known) => known.name === saga && known.version === version);

  /** An order that was dropped is read again. */
  const recall = async (run: string, event: Event): Promise<Progress | null> => {
    const known = orders.get(run);
    if (known || event.seq === 1) return known ?? null;
    const view = await read(run);
    const earlier = view?.events.filter(({ seq }) => seq < event.seq) ?? [];
    return earlier.reduce<Progress | null>(
      (before, past) => project({ run, event: past }, before, findSaga).after,
      null,
    );
  };
  /** A completed order goes on while it has deferred steps: reading it again for each event would cost ever more. */
  const isOver = ({ state }: Progress): boolean => {
    const saga = findSaga(state);
    return isSettled(state) && (!saga || findRepairs(saga, state).length === 0);
  };
  const remember = (run: string, after: Progress): void => {
    orders.delete(run);
    if (!isOver(after)) orders.set(run, after);
    const [oldest] = orders.keys();
    if (orders.size > ordersMax && oldest !== undefined) orders.delete(oldest);
  };
  return {
    /** An order whose events make no sense must not hold up the others. */
    async tell(run: string, event: Event): Promise<readonly SpanRecord[]> {
      try {
        const { spans, after } = project({ run, event }, await recall(run, event), findSaga);
        remember(run, after);
        return spans;
      } catch (error) {
        log.error({ err: error, orderId: run }, 'an event could not be traced');
        return [];
      }
    },
    /** Before events are told again, which must begin where they began. */
    forget: () => orders.clear(),
  };
}
