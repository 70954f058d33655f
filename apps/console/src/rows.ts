/** What the list knows of each run, from the live events. Pure. What an event cannot say is asked for. */
import type { RunStatus } from '@baton/contracts';
import { isSettled } from './words.ts';

export interface Row {
  readonly id: string;
  readonly status: RunStatus;
  /** Of the last event seen; 0 before there was one. */
  readonly seq: number;
  /** In milliseconds since the epoch. */
  readonly createdAt: number;
  readonly endedAt: number | null;
  /** The last step that something was heard of. */
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

/** Whether the run's state is to be asked for after it. */
export const isUnclear = (row: Row, { type }: RunEvent): boolean =>
  unclear.has(type) || (isSettled(row.status) && type === 'step-succeeded');

function toStatus(before: RunStatus | undefined, type: string): RunStatus {
  if (type === 'completed' || type === 'compensated' || type === 'accepted') return type;
  if (before && isSettled(before)) return before;
  if (type === 'quarantined') return 'stuck';
  if (type === 'compensation-decided') return 'compensating';
  return before === 'compensating' || before === 'stuck' ? before : 'running';
}

/** The row before where the event was seen already. */
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
  /** What was found elsewhere by the same text. */
  readonly found?: ReadonlySet<string> | undefined;
}

export const matches = (row: Row, { status, text, found }: Filter): boolean =>
  (status === '' ||
    row.status === status ||
    (status === 'open' && !isSettled(row.status)) ||
    (status === 'degraded' && row.degraded.length > 0)) &&
  (text === '' || row.id.includes(text) || found?.has(row.id) === true);
