/** requests.http, sent from top to bottom to real processes: every request gets the status that stands above it. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { listedParticipants, orchestratorPort, serviceContracts } from '@baton/contracts';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type AppName, type System, startSystem } from './processes.ts';

interface ExampleRequest {
  readonly title: string;
  readonly expected: number;
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
}

const text = readFileSync(new URL('../../requests.http', import.meta.url), 'utf8');
const variables = new Map(
  [...text.matchAll(/^@(\w+) = (\S+)$/gm)].map(([, name = '', value = '']) => [name, value]),
);
const requests = text
  .split(/^### /m)
  .slice(1)
  .map((section) => readRequest(fillIn(section)));

function fillIn(section: string): string {
  return section.replaceAll(/\{\{(\w+)\}\}/g, (_all, name) => {
    const value = variables.get(name);
    if (value === undefined) throw new Error(`{{${name}}} is not defined`);
    return value;
  });
}

function readRequest(section: string): ExampleRequest {
  const [head = '', ...body] = section.trimEnd().split('\n\n');
  const [title = '', expectation = '', line = '', ...fields] = head.split('\n');
  const expected = Number(/^# expect (\d{3})$/.exec(expectation)?.[1]);
  const [, method = '', url = ''] = /^(GET|POST|PUT|DELETE) (http\S+)$/.exec(line) ?? [];
  if (!expected || !method) throw new Error(`"${title}" has no expectation, or no request`);
  const headers = Object.fromEntries(fields.map((field) => field.split(/: (.*)/)));
  return { title, expected, method, url, headers, body: body.join('\n\n') || undefined };
}

const folder = mkdtempSync(join(tmpdir(), 'baton-requests-'));
let system: System;
beforeAll(async () => {
  system = await startSystem(folder);
});
afterAll(async () => {
  await system.stop();
  rmSync(folder, { recursive: true });
});

const defaultPorts = new Map<number, AppName>([
  [orchestratorPort, 'orchestrator'],
  ...listedParticipants.map(({ port, name }) => [port, name] as const),
]);

/** Where the app of this default port listens now. */
const toAddress = (url: string): string =>
  url.replace(/^http:\/\/localhost:(\d+)/, (_all, port) => {
    const name = defaultPorts.get(Number(port));
    const app = name && system.apps.get(name);
    if (!app) throw new Error(`nothing listens at ${port}`);
    return `http://127.0.0.1:${app.port}`;
  });

async function send({ method, url, headers, body }: ExampleRequest) {
  const stop = new AbortController();
  const answer = await fetch(toAddress(url), {
    method,
    headers,
    signal: stop.signal,
    ...(body !== undefined && { body }),
  });
  const isStream = answer.headers.get('content-type')?.startsWith('text/event-stream');
  const said = isStream ? '' : await answer.text();
  // A stream goes on for ever; its status has come.
  stop.abort();
  return { status: answer.status, said };
}

it('gets the status that stands above each request', async () => {
  for (const request of requests) {
    const { status, said } = await send(request);
    expect(status, `${request.title}: ${said}`).toBe(request.expected);
  }
});

it('shows every route of the orchestrator', () => {
  const shown = new Set(
    requests.map(
      ({ method, url }) => `${method} ${new URL(url).pathname.replace(/ord_\w+/, ':id')}`,
    ),
  );
  const routes = Object.values(serviceContracts.get('orchestrator') ?? {}).map(
    ({ method, path }) =>
      `${method} ${path.replace(':operation', 'payment.process').replace(':participant', 'notification-service')}`,
  );
  expect(routes.filter((route) => !shown.has(route))).toEqual([]);
});
