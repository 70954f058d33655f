/** An order's events as a journal would hold them, for tests of what is told from them. */
import type { Event, Happening } from '@baton/saga';

export const acceptedAt = Date.UTC(2026, 0, 1);
export const traceId = 'a'.repeat(32);
export const callerId = 'b'.repeat(16);

/** The context of a sampled caller's request, a second before the order was accepted. */
const tracedContext = {
  traceparent: `00-${traceId}-${callerId}-01`,
  'baton-traced-since': String(acceptedAt - 5),
};

export const accepted = (context: Readonly<Record<string, string>> = tracedContext): Happening => ({
  type: 'accepted',
  saga: 'place-order',
  version: 2,
  structure: '',
  input: { customerId: 'ada' },
  context,
});

/** What happened, and how many milliseconds after what happened before it. */
export type Scene = Happening | readonly [afterMs: number, Happening];

/** The first event is at `acceptedAt`. */
export function toEvents(scenes: readonly Scene[]): Event[] {
  let at = acceptedAt;
  return scenes.map((scene, index) => {
    const [afterMs, happening] = 'type' in scene ? [0, scene] : scene;
    at += afterMs;
    return { ...happening, seq: index + 1, at };
  });
}

type Tried<T extends Happening['type']> = Extract<Happening, { readonly type: T }>;
type Change<T extends Happening['type']> = Partial<Omit<Tried<T>, 'type'>>;
type FailedUndo = Extract<Happening, { readonly exhausted: boolean }>;

/** Calls begin when the event before them was committed, unless a test says otherwise. */
const tried = { way: 'pay', attempt: 1, startedAt: acceptedAt };

export const succeeded = (change: Change<'step-succeeded'> = {}): Happening => ({
  ...tried,
  type: 'step-succeeded',
  output: {},
  ...change,
});
export const refused = (change: Change<'step-refused'> = {}): Happening => ({
  ...tried,
  type: 'step-refused',
  code: 'payment-declined',
  ...change,
});
export const unknown = (change: Change<'step-unknown'> = {}): Happening => ({
  ...tried,
  type: 'step-unknown',
  code: 'connection-reset',
  retryAt: 0,
  ...change,
});
export const unsent = (): Happening => ({
  ...tried,
  type: 'step-unsent',
  code: 'connection-refused',
  retryAt: 0,
});
export const undoUnknown = (change: Partial<Omit<FailedUndo, 'type'>> = {}): Happening => ({
  ...tried,
  type: 'undo-unknown',
  code: 'status-503',
  retryAt: 0,
  exhausted: false,
  ...change,
});
export const undone = (change: Change<'undo-succeeded'> = {}): Happening => ({
  ...tried,
  type: 'undo-succeeded',
  ...change,
});
export const decided: Happening = {
  type: 'compensation-decided',
  code: 'payment-declined',
  step: 'pay',
};
export const recovered: Happening = { type: 'recovered' };
