/** What the list knows of each run, from live events. Pure. State that events do not tell is read from the orchestrator. */
import type { RunStatus } from '@baton/contracts';
import { isSettled } from './words.ts';

export interface Row {
  readonly id: string;
  readonly status: RunStatus;
  /** The number of the last event seen; 0 before the first. */
  readonly seq: number;
  /** In milliseconds since the epoch. */
  readonly createdAt: number;
  readonly endedAt: number | null;
  /** The step of the last event with one. */
  readonly step: string | null;
  readonly code: string | null;
  /** Deferred steps of a completed run that are still to be done. */
  readonly degraded: readonly string[];
}

export interface RunEvent {
  readonly seq: number;
  readonly type: string;
  readonly at: string;
  readonly step?: string | null;
  readonly code?: string;
}

/** Types of event after which only the orchestrator can say how the run stands. */
const unclear: ReadonlySet<string> = new Set([
  'undo-refused',
  'undo-unsent',
  'undo-unknown',
  'undo-succeeded',
  'retry-requested',
  'written-off',
  'recovered',
]);

/** Whether the run's state must be read after this event. */
export const isUnclear = (row: Row, { type }: RunEvent): boolean =>
  unclear.has(type) || (isSettled(row.status) && type === 'step-succeeded');

function toStatus(before: RunStatus | undefined, type: string): RunStatus {
  if (type === 'completed' || type === 'compensated' || type === 'accepted') return type;
  if (before && isSettled(before)) return before;
  if (type === 'quarantined') return 'stuck';
  if (type === 'compensation-decided') return 'compensating';
  return before === 'compensating' || before === 'stuck' ? before : 'running';
}

/** Returns the same row for an event that was seen before. */
export function applyEvent(row: Row | undefined, id: string, event: RunEvent): Row {
  if (row && event.seq <= row.seq) return row;
  const { seq, type, step, code } = event;
  const at = Date.parse(event.at);
  const status = toStatus(row?.status, type);
  const isEnd = isSettled(status) && !(row && isSettled(row.status));
  return {
    id,
    status,
    seq,
    createdAt: row?.createdAt ?? at,
    endedAt: isEnd ? at : (row?.endedAt ?? null),
    step: step?.split(':')[0] ?? row?.step ?? null,
    code: type === 'compensation-decided' ? (code ?? null) : (row?.code ?? null),
    degraded:
      type === 'step-deferred' && step ? [...(row?.degraded ?? []), step] : (row?.degraded ?? []),
  };
}

export interface Filter {
  readonly status: string;
  readonly text: string;
  /** Ids that the orchestrator found by the same text. */
  readonly found?: ReadonlySet<string> | undefined;
}

export const matches = (row: Row, { status, text, found }: Filter): boolean =>
  (status === '' ||
    row.status === status ||
    (status === 'open' && !isSettled(row.status)) ||
    (status === 'degraded' && row.degraded.length > 0)) &&
  (text === '' || row.id.includes(text) || found?.has(row.id) === true);
