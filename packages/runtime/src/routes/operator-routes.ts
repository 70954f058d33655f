/** What operators may do. */
import type { RunOperations } from '@baton/contracts';
import type { Engine } from '@baton/saga';
import { type Handlers, type MountSurroundings, mount } from '@baton/service-kit';
import type { Router } from 'express';
import { toIdField, type Workflow } from '../workflow.ts';
import { toNotFound } from './run-routes.ts';

type Routes = Handlers<RunOperations>;
interface Surroundings extends MountSurroundings {
  readonly engine: Engine;
}

export function mountOperator(router: Router, workflow: Workflow, around: Surroundings): void {
  const { retry, skip } = workflow.operations;
  const { engine } = around;
  mount(
    router,
    { retry, skip },
    around,
  )({ retry: createRetry(engine, workflow), skip: createSkip(engine, workflow) });
}

const createRetry =
  (engine: Engine, workflow: Workflow): Routes['retry'] =>
  async ({ params: { id }, body: { reason } }) => {
    const outcome = await engine.retry(id, reason);
    switch (outcome) {
      case 'done':
        return { status: 202, body: { ...toIdField(workflow, id), status: 'retry-requested' } };
      case 'unknown-run':
        return toNotFound(workflow);
      case 'quarantined':
        return { problem: 'quarantined' };
      default:
        return { problem: 'nothing-to-retry' };
    }
  };

const createSkip =
  (engine: Engine, workflow: Workflow): Routes['skip'] =>
  async ({ params: { id }, body: { step, reason } }) => {
    const outcome = await engine.skip(id, step, reason);
    switch (outcome) {
      case 'done':
        return { status: 202, body: { ...toIdField(workflow, id), status: 'written-off' } };
      case 'unknown-run':
        return toNotFound(workflow);
      case 'quarantined':
      case 'in-flight':
        return { problem: outcome };
      default:
        return { problem: 'nothing-to-skip' };
    }
  };
