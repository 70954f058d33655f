/**
 * `npm run dev:restate`: as `npm run dev`, with the orders on a Restate cluster of one node, which starts first and ends
 * last. `npm run drain` does the same on the data of `npm run dev`, and moves its orders over.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join, resolve } from 'node:path';
import { orchestratorPort } from '@baton/contracts';
import { startNodes } from '@baton/saga-restate/nodes';
import { readCommandLine } from './command-line.ts';
import { readFirstPort, runOnPorts } from './dev-ports.ts';

const usageText = `npm run dev:restate   every app, with orders on a Restate cluster of one node; Ctrl-C stops them
npm run drain         the same on the data of npm run dev: new orders go to the cluster, open ones end where they began

PORT        as for npm run dev; the cluster's ports come 100 after it
DATA_DIR    where all is kept; .data-restate unless it is set, for npm run drain .data`;
const root = resolve(import.meta.dirname, '..');
/** From the orchestrator's port to the cluster's. */
const apart = 100;

async function main(): Promise<void> {
  const firstPort = await readFirstPort(process.env.PORT || String(orchestratorPort));
  const { drain } = readCommandLine(usageText, { options: { drain: { type: 'boolean' } } }).values;
  const folder = resolve(root, process.env.DATA_DIR || (drain ? '.data' : '.data-restate'));
  const first = firstPort + apart;
  const ports = [{ ingress: first, admin: first + 1, fabric: first + 2 }];
  const nodes = await startNodes({ folder: join(folder, 'restate'), count: 1, ports });
  const [node] = nodes;
  if (!node) return;
  console.log(`Restate: orders live at ${node.ingressUrl}; look into it at ${node.adminUrl}/ui`);
  if (!drain) console.log(`For npm run fault and explain: export DATA_DIR=${folder}`);
  const dev = spawn(process.execPath, [join(root, 'scripts/dev.ts')], {
    stdio: 'inherit',
    env: {
      ...process.env,
      PORT: String(firstPort),
      DATA_DIR: folder,
      SAGA_HOST: 'restate',
      RESTATE_INGRESS_URLS: node.ingressUrl,
      RESTATE_ADMIN_URLS: node.adminUrl,
      RESTATE_HANDLERS_PORT: String(first + 3),
    },
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(signal, () => dev.kill(signal));
  const [code] = await once(dev, 'exit');
  await node.stop();
  process.exit(code ?? 1);
}

await runOnPorts(main);
