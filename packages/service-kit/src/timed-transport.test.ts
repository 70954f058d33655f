/** Calls as the caller's figures have them. */
import { inventoryOperations } from '@baton/contracts/inventory-service';
import { createMetrics } from '@baton/telemetry';
import { expect, it, onTestFinished } from 'vitest';
import { createClient } from './client.ts';
import { answering, createMisbehaving } from './testing/stand-in/server.ts';

async function start(name?: string) {
  const server = await createMisbehaving();
  const metrics = createMetrics('orchestrator');
  const named = name === undefined ? {} : { name };
  const client = createClient(inventoryOperations, { baseUrl: server.url, metrics, ...named });
  onTestFinished(async () => {
    await client.close();
    await server.close();
  });
  const signal = AbortSignal.timeout(5_000);
  const reserve = () =>
    client.reserve({ orderId: 'ord_1', lines: [] }, { key: 'ord_1:reserve', number: 1, signal });
  const scrape = async () =>
    [
      ...(await metrics.registry.metrics()).matchAll(
        /^http_client_request_duration_seconds_count\{(.*)\} 1$/gm,
      ),
    ].map(([, labels]) => labels);
  return { client, reserve, scrape, server, signal };
}

it('are told apart by server, route, status and why there was none', async () => {
  const { client, reserve, scrape, server, signal } = await start('inventory-service');
  server.behave(answering(503, 'text/plain', 'busy'));
  await reserve();
  await client.getStock({}, { signal });
  server.behave(({ socket }) => socket.destroy());
  await reserve();
  const labels = (method: string, route: string, status: string, error: string) =>
    expect.stringContaining(
      `server_address="inventory-service",server_port="${new URL(server.url).port}",http_route="${route}",http_request_method="${method}",http_response_status_code="${status}",error_type="${error}"`,
    );
  expect(await scrape()).toEqual([
    labels('POST', '/reserve', '503', '503'),
    labels('GET', '/stock', '503', '503'),
    labels('POST', '/reserve', '', 'connection-reset'),
  ]);
});

it('have the host of a server that has no name', async () => {
  const { reserve, scrape } = await start();
  await reserve();
  expect(await scrape()).toEqual([expect.stringContaining('server_address="127.0.0.1"')]);
});
