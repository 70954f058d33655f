/** The settings of deploy/restate, read by Restate's own server, and against the part for compose. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { findServer } from '@baton/saga-restate/nodes';
import { expect, test } from 'vitest';

const folder = join(import.meta.dirname, '../../deploy/restate');
const compose = readFileSync(join(folder, 'compose.yaml'), 'utf8');

const dumpConfig = (): string =>
  execFileSync(findServer(), ['--config-file', join(folder, 'node.toml'), '--dump-config'], {
    encoding: 'utf8',
    env: { ...process.env, RESTATE_NODE_NAME: 'restate-1' },
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
