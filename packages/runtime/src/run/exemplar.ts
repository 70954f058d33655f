/** The trace that a figure of an order leads to. */
import type { RunState } from '@baton/saga';
import type { SpanRef } from '@baton/telemetry';

/** Undefined where nothing is traced. `ordinal` is the number of a call; without it, the whole order is meant. */
export type FindSpan = (run: string, state: RunState, ordinal?: number) => SpanRef | undefined;
