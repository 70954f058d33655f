/** Baton's real apps, in production mode: orders placed over HTTP, real participants, each on its own file. */
import { Agent } from 'node:http';
import { production, startMeasured } from '../measured-system.ts';
import { placeOrder } from '../order-load.ts';
import type { Contestant, Open } from './contestant.ts';

/** Sooner than the orchestrator closes a connection: no order may meet a closing one. */
const idleMaxMs = 5_000;

export async function openApps(
  folder: string,
  env: Readonly<Record<string, string>> = {},
): Promise<Contestant> {
  const { url } = await startMeasured({ folder, env: { ...production, ...env } });
  const agent = new Agent({ keepAlive: true, maxSockets: 256, timeout: idleMaxMs });
  return {
    version: 'this tree',
    isCustomer: true,
    async place() {
      await placeOrder(url, agent);
    },
  };
}

export const openFiveApps: Open = ({ folder }) => openApps(folder);
