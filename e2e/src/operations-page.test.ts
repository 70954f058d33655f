/** Every curl line of docs/operations.md is a request that the service at that port takes. */
import { readFileSync } from 'node:fs';
import {
  alertRules,
  listedParticipants,
  type Operation,
  orchestratorPort,
  serviceContracts,
} from '@baton/contracts';
import { expect, it } from 'vitest';

const page = readFileSync(new URL('../../docs/operations.md', import.meta.url), 'utf8');
const contracts = new Map([
  [String(orchestratorPort), serviceContracts.get('orchestrator')],
  ...listedParticipants.map(({ port, operations }) => [String(port), operations] as const),
]);
const lines = page.split('\n').filter((line) => line.startsWith('curl '));

interface Request {
  readonly method: string;
  readonly port: string;
  readonly url: URL;
  readonly body: unknown;
  readonly headers: string;
}

function readCurl(line: string): Request {
  const [command = ''] = line.replaceAll('<orderId>', 'ord_1').split('  #');
  const [, port = '', path = ''] = /'?localhost:(\d{4})(\/[^\s']*)'?/.exec(command) ?? [];
  const body = / -d '([^']*)'/.exec(command)?.[1];
  return {
    method: /-X (\w+)/.exec(command)?.[1] ?? 'GET',
    port,
    url: new URL(`http://localhost:${port}${path}`),
    body: body === undefined ? undefined : JSON.parse(body),
    headers: [...command.matchAll(/-H '([^']*)'/g)].map(([, header]) => header).join('\n'),
  };
}

function findOperation({ method, port, url }: Request): Operation | undefined {
  const operations = Object.values(contracts.get(port) ?? {});
  return operations.find(
    (operation) =>
      operation.method === method && operation.path.replace(':id', 'ord_1') === url.pathname,
  );
}

it.each(lines)('is taken: %s', (line) => {
  const request = readCurl(line);
  const operation = findOperation(request);
  expect(operation).toBeDefined();
  if (!operation) return;
  if (operation.query) {
    const query = Object.fromEntries(request.url.searchParams);
    expect(operation.query.safeParse(query).error).toBeUndefined();
  }
  if ('body' in operation && operation.body) {
    expect(request.headers).toContain('content-type: application/json');
    expect(operation.body.safeParse(request.body).error).toBeUndefined();
  }
  if (operation.kind === 'undo') expect(request.headers).toMatch(/idempotency-key: ord_1:[a-z:]+$/);
});

it('has a row for each alert, and for no other', () => {
  const [, section = ''] = page.split('\n### The alerts\n');
  const rows = [...section.matchAll(/^\| `([a-z-]+)` \|/gm)].map(([, rule]) => rule);
  expect(rows.toSorted()).toEqual(alertRules.toSorted());
});

it('names a command for each thing that an operator may do', () => {
  const named = lines.map((line) => findOperation(readCurl(line))?.name);
  expect(named).toEqual(
    expect.arrayContaining([
      'orchestrator.retry-order',
      'orchestrator.skip-order-step',
      'orchestrator.audit',
      'inventory.release',
      'payment.refund',
    ]),
  );
});
