/** All that compose.yaml runs of this project, from the image, with an order through it; docs/docker.md says what this does not show. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createOrchestratorClient } from '@baton/service-kit';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { apps, compose, toHost } from '../src/compose.ts';
import { type Container, type Image, openImage, startContainer } from './containers.ts';

const folder = mkdtempSync(join(tmpdir(), 'baton-image-'));
const hosts = join(folder, 'hosts');
const containers = new Map<string, Container>();
const baseUrl = 'http://127.0.0.1:4000';
const client = createOrchestratorClient({ baseUrl });
let image: Image;

function run(name: string): Container {
  const service = compose.services[name];
  const [volume = '', mountPoint] = service?.volumes[0]?.split(':') ?? [];
  if (!service || mountPoint !== '/data') throw new Error(`${name} keeps its data elsewhere`);
  const container = startContainer(image, service, { volume: join(folder, volume), hosts });
  containers.set(name, container);
  return container;
}
function find(name: string): Container {
  const found = containers.get(name);
  if (!found) throw new Error(`${name} was not started`);
  return found;
}

const Health = z.object({ checks: z.object({ standby: z.string() }) });
/** Until the active one sees a standby. */
const untilStandbyWaits = () =>
  vi.waitFor(async () => {
    const answer = await fetch(`${baseUrl}/health/ready`);
    expect(Health.parse(await answer.json()).checks.standby).toBe('waiting');
  }, 20_000);

function place(token: string, idempotencyKey: string) {
  const payment = { method: 'card', token } as const;
  const order = { customerId: 'ada', lines: [{ sku: 'mug', quantity: 1 }], payment };
  return client.placeOrder(order, { waitSeconds: 20, idempotencyKey });
}

beforeAll(async () => {
  image = openImage(apps[0]?.[1].image ?? '');
  const names = new Set(apps.map(([name]) => toHost(name)));
  writeFileSync(hosts, `127.0.0.1 localhost ${[...names].join(' ')}\n`);
  // A new volume takes the owner and the mode of the image's folder.
  for (const volume of new Set(apps.flatMap(([, { volumes }]) => volumes)))
    execFileSync('cp', ['-a', join(image.root, 'data'), join(folder, volume.split(':')[0] ?? '')]);
  const participants = apps.filter(([name]) => toHost(name) === name);
  await Promise.all(participants.map(([name]) => run(name).answers()));
  await run('orchestrator-1').answers();
  run('orchestrator-2');
  await untilStandbyWaits();
});
afterAll(async () => {
  await client.close();
  await Promise.all([...containers.values()].map((container) => container.end('SIGKILL')));
  image?.close();
  rmSync(folder, { recursive: true });
});

it('serves the page that was built', async () => {
  const page = await (await fetch(baseUrl)).text();
  const [script = ''] = /\/console\/[\w-]+\.js/.exec(page) ?? [];
  expect((await fetch(`${baseUrl}${script}`)).headers.get('content-type')).toContain('javascript');
});

it.each(apps)('%s runs as the user node, without rights, and can get none', (name) => {
  const status = readFileSync(`/proc/${find(name).pid}/status`, 'utf8');
  const read = (...fields: readonly string[]) =>
    fields.map((field) => new RegExp(`^${field}:\\s*(.*)$`, 'm').exec(status)?.[1]);
  const node = '1000\t1000\t1000\t1000';
  expect(read('Uid', 'Gid', 'NoNewPrivs')).toEqual([node, node, '1']);
  const capabilities = read('CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb');
  expect(capabilities).toEqual(Array(5).fill('0'.repeat(16)));
});

it.each(apps)('%s can write to /data and /tmp, and to nothing else', async (name) => {
  const container = find(name);
  // Its home belongs to the user: what refuses is the file system.
  const refused = await container.run(['touch', '/home/node/x']);
  expect(refused.output).toContain('Read-only file system');
  const search = 'find / -path /proc -prune -o ( -type d -o -type f ) -writable -print';
  const { output } = await container.run(search.split(' '));
  // Without what it says of folders that it may not read.
  const writable = output.split('\n').filter((line) => /^\/(?!data\/)/.test(line));
  expect(writable.toSorted()).toEqual(['/data', '/tmp']);
});

it('holds no npm settings of the machine that built it', () => {
  const search = ['(', '-path', '*/etc/npmrc', '-o', '-name', '.npmrc', ')', '-size', '+0'];
  expect(execFileSync('find', [image.root, ...search], { encoding: 'utf8' })).toBe('');
});

it('is well by the image’s own check, and ill where nobody answers', async () => {
  const [, ...check] = image.Healthcheck.Test;
  for (const [name] of apps) expect(await find(name).run(check)).toEqual({ code: 0, output: '' });
  const ask = async (STANDBY: string) =>
    (await find('order-service').run(check, { PORT: '4999', STANDBY })).code;
  expect([await ask('false'), await ask('true')]).toEqual([1, 0]);
});

it('completes an order, and takes one back whose payment is declined', async () => {
  expect(await place('tok_ok', 'paid')).toMatchObject({ body: { status: 'completed' } });
  const declined = await place('tok_declined', 'declined');
  expect(declined).toMatchObject({ body: { status: 'compensated' } });
});

it('hands the journal to the standby when the active one is killed, and lets it back in', async () => {
  const before = await place('tok_ok', 'before');
  await find('orchestrator-1').end('SIGKILL');
  await find('orchestrator-2').answers();
  expect(await place('tok_ok', 'before')).toEqual(before);
  expect(await place('tok_ok', 'after')).toMatchObject({ body: { status: 'completed' } });
  run('orchestrator-1');
  await untilStandbyWaits();
  expect(await find('orchestrator-2').end('SIGTERM')).toBe(0);
  await find('orchestrator-1').answers();
  expect(await place('tok_ok', 'before')).toEqual(before);
});

it('ends with 0 when it is told to stop', async () => {
  const all = [...containers.values()];
  const codes = await Promise.all(all.map((container) => container.end('SIGTERM')));
  expect([...new Set(codes)]).toEqual([0]);
});
