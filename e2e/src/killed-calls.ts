/** An order whose orchestrator is killed in each of its calls, more often than it takes to quarantine an order. */
import { createOrchestratorClient } from '@baton/service-kit';
import { expect, onTestFinished } from 'vitest';
import { readRuns } from './books.ts';
import { restart, type System } from './processes.ts';

const order = {
  customerId: 'ada',
  lines: [{ sku: 'mug', quantity: 2 }],
  payment: { method: 'card', token: 'tok_ok' },
} as const;
/** One more than the ends that quarantine an order. */
const kills = 6;

/** The types of its events, once it has completed. */
export async function killInItsCalls(
  system: System,
  folder: string,
  env: Readonly<Record<string, string>> = {},
): Promise<string[]> {
  const baseUrl = `http://127.0.0.1:${system.apps.get('orchestrator')?.port}`;
  const client = createOrchestratorClient({ baseUrl });
  onTestFinished(() => client.close());
  let hanging = await countHanging(system);
  const baggage = `baton.fault=inventory.reserve:hang:times=${kills}`;
  const placed = await client.placeOrder(order, { baggage });
  if (!placed.ok) throw new Error(placed.code);
  const { orderId } = placed.body;
  // From the file, which a replica writes a moment after the cluster has it.
  const readTypes = () => (readRuns(folder).get(orderId) ?? []).map(({ type }) => type);
  const told = { ...system, orchestratorEnv: { ...system.orchestratorEnv, ...env } };
  for (let kill = 0; kill < kills; kill += 1) {
    await expect.poll(() => countHanging(system), { timeout: 60_000 }).toBeGreaterThan(hanging);
    hanging = await countHanging(system);
    await restart(told, 'orchestrator', folder);
  }
  await expect.poll(() => readTypes().at(-1), { timeout: 60_000 }).toBe('completed');
  return readTypes();
}

/** How many calls the inventory has left without an answer. */
async function countHanging({ apps }: System): Promise<number> {
  const answer = await fetch(`http://127.0.0.1:${apps.get('inventory-service')?.port}/metrics`);
  const [, count = '0'] =
    /^baton_faults_injected_total\{.*kind="hang".*\} (\d+)$/m.exec(await answer.text()) ?? [];
  return Number(count);
}
