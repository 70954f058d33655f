import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { keyHeader, runIdOfKey } from '@baton/contracts';
import { expect, it, onTestFinished } from 'vitest';
import { mayCarry } from './baggage.ts';
import { killParticipant } from './kill.ts';

const operatorToken = 'a-token-of-some-length';

/** Whatever listens at a participant's address. */
async function listen() {
  const asked: IncomingHttpHeaders[] = [];
  const server = createServer(({ headers, method }, response) => {
    if (method === 'GET')
      response.setHeader('content-type', 'application/json').end('{"status":"ready","checks":{}}');
    else {
      asked.push(headers);
      response.socket?.resetAndDestroy();
    }
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  return { asked, url: `http://127.0.0.1:${port}` };
}

it('asks by a sealed crash for the instance that is meant, and sends no token', async () => {
  const { asked, url } = await listen();
  const killing = await killParticipant('payment-alternate', { url, operatorToken });
  expect(killing).toEqual({ servedAgainAfterMs: expect.any(Number) });
  const [headers] = asked;
  const { authorization, baggage = '' } = headers ?? {};
  const orderId = runIdOfKey(String(headers?.[keyHeader])) ?? '';
  expect(asked).toHaveLength(1);
  expect(authorization).toBeUndefined();
  expect(baggage).toMatch(/^baton\.fault=payment-alternate\.process:crash,/);
  expect(mayCarry({ orderId, baggage: String(baggage) }, operatorToken)).toBe(true);
  expect(JSON.stringify(headers)).not.toContain(operatorToken);
});
