/** Restate on one node: each step is a `ctx.run`, and a run is one call of the service through the ingress. */
import { createRequire } from 'node:module';
import { type RestateNode, startNodes } from '@baton/saga-restate/nodes';
import * as restate from '@restatedev/restate-sdk';
import * as clients from '@restatedev/restate-sdk-clients';
import { callParticipant, type Open, steps } from './contestant.ts';

const readVersion = (name: string): string =>
  createRequire(import.meta.url)(`@restatedev/${name}/package.json`).version;

/** The server's own defaults, where the nodes of tests have less. */
const serverDefaults = {
  RESTATE_ROCKSDB_TOTAL_MEMORY_SIZE: '2GiB',
  RESTATE_DEFAULT_NUM_PARTITIONS: '24',
};

export async function startNode(folder: string): Promise<RestateNode> {
  Object.assign(process.env, serverDefaults);
  const [node] = await startNodes({ folder: `${folder}/nodes`, count: 1 });
  if (!node) throw new Error('no node was started');
  return node;
}

export const openRestate: Open = async ({ participantsUrl, folder }) => {
  const service = restate.service({
    name: 'bench',
    handlers: {
      place: async (context: restate.Context, id: string) => {
        for (const step of steps)
          await context.run(step, () => callParticipant(participantsUrl, step, id));
      },
    },
  });
  const port = await restate.serve({ services: [service], port: 0, logger: () => {} });
  const node = await startNode(folder);
  const registered = await fetch(`${node.adminUrl}/deployments`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ uri: `http://127.0.0.1:${port}` }),
  });
  if (!registered.ok) throw new Error(`Restate took no handlers: ${await registered.text()}`);
  const client = clients.connect({ url: node.ingressUrl }).serviceClient(service);
  return {
    version: `Restate ${readVersion('restate-server')}, SDK ${readVersion('restate-sdk')}`,
    place: async (id) => client.place(id),
  };
};
