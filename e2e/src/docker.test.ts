/** Dockerfile and compose.yaml, as far as they can be checked without an image; docs/docker.md says how far. */
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { listedParticipants } from '@baton/contracts';
import { createOrchestratorClient } from '@baton/service-kit';
import { afterAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { apps, compose, toHost } from './compose.ts';
import { type App, appNames, start } from './processes.ts';

const root = join(import.meta.dirname, '../..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const dockerfile = read('Dockerfile');
/** Of others, and not started unless asked for. */
const companions = Object.entries(compose.services).filter(([, { profiles }]) => profiles);
describe('the Dockerfile', () => {
  it('copies what is there, and every package.json that npm ci needs', () => {
    const copied = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(
      ([, sources = '']) => sources.split(' '),
    );
    expect(copied.filter((path) => !existsSync(join(root, path)))).toEqual([]);
    const manifests = globSync('{apps/*,packages/*,e2e,bench}/package.json', { cwd: root });
    const isCopied = (path: string) =>
      copied.some((source) => path === source || path.startsWith(`${source}/`));
    expect(manifests.filter((path) => !isCopied(path))).toEqual([]);
  });

  it('installs what the apps need and nothing for others, by their package.json alone', () => {
    const folder = mkdtempSync(join(tmpdir(), 'baton-manifests-'));
    for (const file of ['apps/a/package.json', 'apps/a/src/main.ts', 'packages/b/package.json']) {
      mkdirSync(join(folder, dirname(file), 'empty'), { recursive: true });
      writeFileSync(join(folder, file), '');
    }
    const [, prune = ''] = /^RUN (find .+)$/m.exec(dockerfile) ?? [];
    execFileSync('sh', ['-c', prune], { cwd: folder });
    const left = globSync('**/*.*', { cwd: folder });
    rmSync(folder, { recursive: true });
    expect(left.toSorted()).toEqual(['apps/a/package.json', 'packages/b/package.json']);
    expect(dockerfile).toMatch(
      /^COPY --from=manifests \/baton \.\/\n(#.*\n)?RUN npm ci .*--omit=dev/m,
    );
    // The page is built in a stage of its own, of which only the files stay.
    expect([...dockerfile.matchAll(/--workspace=(\S+)/g)].map(([, name]) => name)).toEqual([
      'apps',
      '@baton/console',
    ]);
  });

  it('runs on the Node that everything was tested on', () => {
    const { node } = JSON.parse(read('package.json')).devDependencies;
    const bases = [...dockerfile.matchAll(/^FROM (\S+)/gm)].map(([, base]) => base);
    expect(new Set(bases)).toEqual(new Set([`node:${node}-slim`]));
  });
});

describe('compose.yaml', () => {
  it('runs every participant, and a second orchestrator', () => {
    const programs = listedParticipants.map(({ program }) => program);
    const run = apps.map(([, { environment }]) => environment.APP ?? '');
    expect(run.toSorted()).toEqual([...programs, 'orchestrator', 'orchestrator'].toSorted());
  });

  it('names no variable that nothing reads', () => {
    const sources = [
      'packages/service-kit/src/env.ts',
      'packages/service-kit/src/participant.ts',
      'packages/runtime/src/env.ts',
      'Dockerfile',
    ];
    const text = sources.map(read).join('\n');
    const named = new Set(apps.flatMap(([, { environment }]) => Object.keys(environment)));
    const addresses = listedParticipants.map(({ urlVariable }) => urlVariable);
    const settings = read('docs/settings.md');
    const isRead = (name: string) =>
      addresses.includes(name) ||
      // A test holds the page to what is read.
      (name.startsWith('OTEL_') && settings.includes(`\`${name}\``)) ||
      new RegExp(`^ +(?:const shape = \\{ )?${name}:|\\$${name}\\b`, 'm').test(text);
    expect([...named].filter((name) => !isRead(name))).toEqual([]);
  });

  it.each(apps)('publishes the port of %s to this machine alone', (_name, service) => {
    for (const port of service.ports)
      expect(port).toMatch(new RegExp(`^127\\.0\\.0\\.1:\\d+:${service.environment.PORT}$`));
    expect(service.ports).toHaveLength(1);
  });

  it('lets every app be called by the address that others have of it', () => {
    const own = new Map(apps.map(([name, { environment }]) => [toHost(name), environment]));
    const called = apps.flatMap(([, { environment }]) =>
      // Jaeger's page is for people.
      Object.entries(environment).flatMap(([name, url]) =>
        name.endsWith('_URL') && name !== 'JAEGER_UI_URL' ? [url] : [],
      ),
    );
    expect(called).toHaveLength(2 * listedParticipants.length);
    for (const { hostname, port } of called.map((url) => new URL(url)))
      expect(own.get(hostname)).toMatchObject({ PORT: port, ALLOWED_HOSTS: hostname });
  });

  it('waits for services that exist, and keeps data in volumes that exist', () => {
    const awaited = apps.flatMap(([, service]) => Object.keys(service.depends_on));
    expect(awaited.filter((name) => !(name in compose.services))).toEqual([]);
    const mounted = Object.values(compose.services).flatMap(({ volumes }) => volumes);
    const volumes = mounted.map((v) => v.split(':')[0] ?? '').filter((v) => !v.startsWith('.'));
    expect([...new Set(volumes)].toSorted()).toEqual(Object.keys(compose.volumes).toSorted());
  });
});

describe('the companions in compose.yaml', () => {
  it('are those that a profile starts, of a version that is named', () => {
    expect(companions.map(([name]) => name)).toEqual(['jaeger', 'prometheus', 'grafana']);
    for (const [, { image }] of companions) expect(image).toMatch(/^[\w/]+:v?\d+\.\d+\.\d+$/);
  });

  it('are published to this machine alone, and mount what is there, to be read', () => {
    for (const port of companions.flatMap(([, { ports }]) => ports))
      expect(port).toMatch(/^127\.0\.0\.1:(\d+):\1$/);
    const mounts = companions.flatMap(([, { volumes }]) => volumes.map((v) => v.split(':')));
    const files = mounts.filter(([path]) => path?.startsWith('./'));
    expect(files).toHaveLength(4);
    expect(
      files.filter(([path = '', , mode]) => !existsSync(join(root, path)) || mode !== 'ro'),
    ).toEqual([]);
  });

  it.each([
    ['targets-compose.yml', (name: string, port: number) => `${toHost(name)}:${port}`],
    ['targets.yml', (_name: string, port: number) => `127.0.0.1:${port}`],
  ])('%s has every app, where it is', (file, toAddress) => {
    const Targets = z.array(
      z.object({ targets: z.tuple([z.string()]), labels: z.object({ app: z.string() }) }),
    );
    const targets = Targets.parse(parse(read(`deploy/prometheus/${file}`)));
    const known = apps.map(
      ([name, { environment }]) => `${toHost(name)} ${toAddress(name, Number(environment.PORT))}`,
    );
    expect(
      targets.map(({ targets: [address], labels }) => `${labels.app} ${address}`).toSorted(),
    ).toEqual([...new Set(known)].toSorted());
  });

  it('find each other: the dashboard in its folder, the data where they are asked for', () => {
    const { grafana, prometheus } = compose.services;
    const folder = parse(read('deploy/grafana/provisioning/dashboards/baton.yml')).providers[0]
      .options.path;
    expect(grafana?.volumes).toContain(`./deploy/grafana/baton.json:${folder}/baton.json:ro`);
    expect(grafana?.environment.PROMETHEUS_URL).toBe('http://prometheus:9090');
    expect(prometheus?.ports).toEqual(['127.0.0.1:9090:9090']);
    const sources = read('deploy/grafana/provisioning/datasources/baton.yml');
    const asked = [...sources.matchAll(/\$\{(\w+)\}/g)].map(([, name = '']) => name);
    expect(asked.filter((name) => !(name in (grafana?.environment ?? {})))).toEqual([]);
  });
});

/** The status of a request that was addressed to `host`. */
const askAs = (host: string, port: number): Promise<number | undefined> =>
  new Promise((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port, path: '/health/live', headers: { host } });
    asked.once('response', (answer) => resolve(answer.resume().statusCode));
    asked.once('error', reject).end();
  });

describe('the environment that compose.yaml gives', () => {
  const folder = mkdtempSync(join(tmpdir(), 'baton-docker-'));
  const running = new Map<string, App>();
  afterAll(async () => {
    await Promise.all([...running.values()].map((app) => app.kill()));
    rmSync(folder, { recursive: true });
  });

  /** But for the folder and the ports, and on loopback. */
  const run = async (name: string, environment: Readonly<Record<string, string>>) => {
    const app = appNames.find((known) => known === environment.APP);
    if (!app) throw new Error(`${name} runs no app`);
    const moved = Object.entries(environment).map(([key, value]) => {
      const address = key.endsWith('_URL') && running.get(new URL(value).hostname);
      return [key, address ? `http://127.0.0.1:${address.port}` : value];
    });
    const env = { ...Object.fromEntries(moved), HOST: '127.0.0.1', PORT: '0', DATA_DIR: folder };
    running.set(toHost(name), await start(app, { dataDir: folder, env }).ready);
  };

  it('starts every app for production, and an order goes through', async () => {
    const inOrder = apps.toSorted(
      ([, a], [, b]) => Object.keys(a.depends_on).length - Object.keys(b.depends_on).length,
    );
    // The second orchestrator has the same environment, and would wait for ever.
    for (const [name, { environment }] of inOrder)
      if (!running.has(toHost(name))) await run(name, environment);
    expect([...running.keys()].toSorted()).toEqual(
      ['orchestrator', ...listedParticipants.map(({ name }) => name)].toSorted(),
    );
    for (const [host, { port }] of running) {
      expect([await askAs(host, port), await askAs('elsewhere', port)]).toEqual([200, 421]);
    }
    const baseUrl = `http://127.0.0.1:${running.get('orchestrator')?.port}`;
    const client = createOrchestratorClient({ baseUrl });
    const order = {
      customerId: 'ada',
      lines: [{ sku: 'mug', quantity: 1 }],
      payment: { method: 'card', token: 'tok_ok' },
    } as const;
    const placed = await client.placeOrder(order, { waitSeconds: 20 });
    await client.close();
    expect(placed).toMatchObject({ ok: true, body: { status: 'completed' } });
    expect((await fetch(`${baseUrl}/faults`)).status).toBe(404);
  });
});
