/** The settings of deploy/restate and of the runbook's lines, read by whom they are for, and against the part for compose. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readOrchestratorEnv } from '@baton/runtime';
import { findServer } from '@baton/saga-restate/nodes';
import { expect, test } from 'vitest';

const folder = join(import.meta.dirname, '../../deploy/restate');
const compose = readFileSync(join(folder, 'compose.yaml'), 'utf8');

const runbook = readFileSync(join(import.meta.dirname, '../../docs/restate.md'), 'utf8');

type Env = Readonly<Record<string, string>>;

const dumpConfig = (env: Env = { RESTATE_NODE_NAME: 'restate-1' }): string =>
  execFileSync(findServer(), ['--config-file', join(folder, 'node.toml'), '--dump-config'], {
    encoding: 'utf8',
    env: { ...process.env, ...env },
  });

test('a node takes each setting as it is meant', () => {
  const config = dumpConfig();
  for (const line of [
    'node-name = "restate-1"',
    'default-replication = 2',
    'auto-provision = false',
    'base-dir = "/restate-data"',
    'request-identity-private-key-pem-file = "/etc/restate/identity.pem"',
    'http2-keep-alive-timeout = "5s"',
  ])
    expect(config.split('\n')).toContain(line);
});

test('the nodes that compose starts are those that know each other, and one begins the cluster', () => {
  const [, list = ''] = /\[metadata-client\][^[]*addresses = \[([^\]]*)\]/.exec(dumpConfig()) ?? [];
  const known = [...list.matchAll(/http:\/\/[^"/]+/g)].map(([url]) => url);
  const advertised = [...compose.matchAll(/RESTATE_ADVERTISED_ADDRESS: (\S+)/g)];
  expect(known).toHaveLength(3);
  expect(advertised.map(([, url]) => url)).toEqual(known);
  expect(compose.match(/RESTATE_AUTO_PROVISION: 'true'/g)).toHaveLength(1);
});

/** What a line of the runbook sets, with something in the place of what it leaves out. */
const readSettings = (line: string): Env =>
  Object.fromEntries(
    [...line.matchAll(/([A-Z_]+)=(\S+)/g)].map(([, name = '', value = '']) => [
      name,
      value.replace('…', 'x'.repeat(16)),
    ]),
  );
const findLines = (pattern: RegExp): string[] =>
  runbook.split('\n').filter((line) => pattern.test(line));

test('the runbook starts nodes that are known by their addresses, and one begins the cluster', () => {
  const lines = findLines(/ restate-server --config-file node\.toml$/);
  const told = lines.map((line) => {
    const {
      RESTATE_NODE_NAME: name,
      RESTATE_ADVERTISED_ADDRESS: address,
      ...more
    } = readSettings(line);
    const config = dumpConfig(readSettings(line)).split('\n');
    expect(config).toContain(`node-name = "${name}"`);
    expect(config).toContain(`advertised-address = "${address}/"`);
    return [config.includes('auto-provision = true'), Object.keys(more).length];
  });
  expect(told).toEqual([
    [true, 1],
    [false, 0],
    [false, 0],
  ]);
});

test('the runbook starts orchestrators that can be reached by all nodes', () => {
  const shared = Object.assign({}, ...findLines(/^export \S/).map(readSettings));
  const addresses = findLines(/main\.ts$/).map((line) => {
    const env = readOrchestratorEnv({ ...shared, ...readSettings(line) });
    expect(env).toMatchObject({ SAGA_HOST: 'restate', RESTATE_HANDLERS_URL: expect.any(String) });
    expect(env.RESTATE_ADMIN_URLS).toHaveLength(3);
    expect(env.RESTATE_INGRESS_URLS).toHaveLength(3);
    return env.HOST;
  });
  expect(new Set(addresses).size).toBe(2);
});
