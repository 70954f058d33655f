/** A step runs within the span of its call: spans that it opens hang there, and are part of the order's trace. */
import type { PlannedWay, Saga } from '@baton/saga';
import { runWithin } from '@baton/telemetry';
import type { Workflow } from '../workflow.ts';
import { toCallContext } from './run-trace.ts';

/** The same workflow, whose steps know the trace that they are in. */
export function performWithin(workflow: Workflow): Workflow {
  const [newest, ...older] = workflow.versions;
  return { ...workflow, versions: [traceSaga(newest), ...older.map(traceSaga)] };
}

const traceSaga = (saga: Saga<unknown>): Saga<unknown> => ({
  ...saga,
  plan: saga.plan.map(({ first, alternate, ...step }) => ({
    ...step,
    first: traceWay(first),
    alternate: alternate && traceWay(alternate),
  })),
});

const traceWay = ({ perform, undo, ...way }: PlannedWay): PlannedWay => ({
  ...way,
  perform: within(perform),
  undo: undo && { ...undo, perform: within(undo.perform) },
});

const within =
  (perform: PlannedWay['perform']): PlannedWay['perform'] =>
  (now) =>
    runWithin(toCallContext(now.attempt), () => perform(now));
