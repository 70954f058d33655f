/** Where the demo's orders live with SAGA_HOST=restate: a node, and one address for the handlers of two replicas. */
import { join } from 'node:path';
import { pickFreePorts, startNodes } from '@baton/saga-restate/nodes';
import { startBalancer } from '../../e2e/restate/balancer.ts';

export interface StageCluster {
  readonly env: Readonly<Record<string, string>>;
  /** For the second replica besides. */
  readonly otherEnv: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

export async function openCluster(dataDir: string): Promise<StageCluster | undefined> {
  if (process.env.SAGA_HOST !== 'restate') return undefined;
  const [node] = await startNodes({ folder: join(dataDir, 'restate'), count: 1 });
  if (!node) throw new Error('no node was started');
  const [first = 0, second = 0] = await pickFreePorts(2);
  const balancer = await startBalancer([first, second]);
  return {
    env: {
      SAGA_HOST: 'restate',
      RESTATE_INGRESS_URLS: node.ingressUrl,
      RESTATE_ADMIN_URLS: node.adminUrl,
      RESTATE_HANDLERS_URL: balancer.url,
      RESTATE_HANDLERS_PORT: String(first),
    },
    otherEnv: { RESTATE_HANDLERS_PORT: String(second) },
    async close() {
      await balancer.close();
      await node.stop();
    },
  };
}
