/** Hosts as a page elsewhere, a proxy or an attacker would send them: byte by byte, since a client would tidy them up. */
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { text } from 'node:stream/consumers';
import express from 'express';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createHostCheck } from './host-check.ts';

let server: Server;
beforeAll(async () => {
  const app = express();
  app.use(createHostCheck(['baton.test', 'fd00::7']));
  app.use((_request, response) => void response.end('let in'));
  server = createServer(app);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterAll(() => {
  server.close();
});

async function ask(hosts: readonly string[], target = '/'): Promise<string> {
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  const lines = hosts.map((host) => `Host: ${host}\r\n`).join('');
  socket.write(`GET ${target} HTTP/1.1\r\n${lines}Connection: close\r\n\r\n`);
  const answer = await text(socket);
  return answer.slice('HTTP/1.1 '.length).slice(0, 3);
}

it.each([
  'localhost',
  'LocalHost:4000',
  '127.0.0.1',
  '127.0.0.1:1',
  '[::1]',
  '[::1]:4000',
  'BATON.test:443',
  '[fd00::7]:4000',
])('answers for %s', async (host) => {
  expect(await ask([host])).toBe('200');
});

it.each([
  'evil.example',
  'evil.example:4000',
  'localhost.evil.example',
  'evil.example/localhost',
  '127.0.0.1.evil.example',
  // Other spellings of this machine: refused, as nobody needs them and each is one more thing to get wrong.
  'localhost.',
  '127.1',
  '2130706433',
  '0.0.0.0',
  '[::ffff:127.0.0.1]',
  '[0:0:0:0:0:0:0:1]',
  '[::1%25lo]',
  '::1',
  // Readers that split elsewhere than we do would see another host.
  'localhost@evil.example',
  'evil.example@localhost',
  'localhost:80@evil.example',
  'localhost, evil.example',
  'localhost evil.example',
  'localhost#evil.example',
  'localhost\\evil.example',
  'localhost:',
  'localhost:999999',
  'localhost:0x50',
  '',
])('answers not for %j', async (host) => {
  expect(await ask([host])).toBe('421');
});

it.each([
  [['localhost', 'evil.example']],
  [['evil.example', 'localhost']],
  [['localhost', 'localhost']],
])('answers not for two hosts: %j', async (hosts) => {
  expect(await ask(hosts)).toBe('421');
});

it('holds the host of a whole address against the same list', async () => {
  expect(await ask(['localhost'], 'http://localhost:4000/')).toBe('200');
  expect(await ask(['localhost'], 'http://evil.example/')).toBe('421');
  expect(await ask(['evil.example'], 'http://localhost/')).toBe('421');
});
