/** Temporal bundles its workflows by itself, from JavaScript beside its packages. */
import { proxyActivities } from '@temporalio/workflow';

const { call } = proxyActivities({ startToCloseTimeout: '1 minute' });

export async function place(id) {
  for (const step of ['validate', 'reserve', 'pay', 'notify']) await call(step, id);
}
