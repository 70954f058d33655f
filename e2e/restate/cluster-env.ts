/** An orchestrator's settings for its cluster. */
import { pickFreePorts, type RestateNode } from '@baton/saga-restate/nodes';

export const toClusterEnv = async (
  nodes: readonly RestateNode[],
): Promise<Readonly<Record<string, string>>> => ({
  SAGA_HOST: 'restate',
  RESTATE_INGRESS_URLS: nodes.map(({ ingressUrl }) => ingressUrl).join(','),
  RESTATE_ADMIN_URLS: nodes.map(({ adminUrl }) => adminUrl).join(','),
  // Always the same port, where the cluster finds it again.
  RESTATE_HANDLERS_PORT: String((await pickFreePorts(1))[0]),
});
