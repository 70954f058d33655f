/** What operators may do, for those who may: see the operator check. */
import { operatorOperations } from '@baton/contracts';
import type { Engine } from '@baton/saga';
import { createOperatorCheck, type Handlers, mount } from '@baton/service-kit';
import type { Log, Metrics } from '@baton/telemetry';
import type { Router } from 'express';

type Routes = Handlers<typeof operatorOperations>;
interface Surroundings {
  readonly log: Log;
  readonly metrics: Metrics;
  readonly operatorToken: string | undefined;
}

export function mountOperator(router: Router, engine: Engine, around: Surroundings): void {
  const check = createOperatorCheck(around.operatorToken);
  for (const { path } of Object.values(operatorOperations)) router.use(path, check);
  mount(
    router,
    operatorOperations,
    around,
  )({
    retryOrder: createRetryOrder(engine),
    skipStep: createSkipStep(engine),
  });
}

const createRetryOrder =
  (engine: Engine): Routes['retryOrder'] =>
  async ({ params: { id }, body: { reason } }) => {
    const outcome = await engine.retry(id, reason);
    switch (outcome) {
      case 'done':
        return { status: 202, body: { orderId: id, status: 'retry-requested' } };
      case 'unknown-run':
        return { problem: 'order-not-found' };
      case 'quarantined':
        return { problem: 'quarantined' };
      default:
        return { problem: 'nothing-to-retry' };
    }
  };

const createSkipStep =
  (engine: Engine): Routes['skipStep'] =>
  async ({ params: { id }, body: { step, reason } }) => {
    const outcome = await engine.skip(id, step, reason);
    switch (outcome) {
      case 'done':
        return { status: 202, body: { orderId: id, status: 'written-off' } };
      case 'unknown-run':
        return { problem: 'order-not-found' };
      case 'quarantined':
      case 'in-flight':
        return { problem: outcome };
      default:
        return { problem: 'nothing-to-skip' };
    }
  };
