import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { type JaegerPorts, pickFreePorts, readOccupant } from './jaeger/jaeger-ports.ts';
import { type JaegerAccess, openJaeger } from './jaeger.ts';

const standIn = join(import.meta.dirname, 'jaeger/jaeger-stand-in.ts');
const own = { JAEGER_BIN: standIn };

let ports: JaegerPorts;
let said: string[];
let opened: JaegerAccess[];
beforeEach(async () => {
  ports = await pickFreePorts();
  said = [];
  opened = [];
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await Promise.all(opened.map((jaeger) => jaeger.stop()));
});

async function open(env: NodeJS.ProcessEnv, signal = new AbortController().signal) {
  const jaeger = await openJaeger({ env, ports, signal, say: (line) => said.push(line) });
  opened.push(jaeger);
  return jaeger;
}

const readKind = async () => (await readOccupant(ports)).kind;
const toEnv = () => ({
  OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${ports.otlp}`,
  JAEGER_UI_URL: `http://localhost:${ports.query}`,
});

it('starts one, says where it is, and stops it', async () => {
  const { env, stop } = await open(own);
  expect({ env, said }).toEqual({
    env: toEnv(),
    said: [expect.stringMatching(/^jaeger +http:\/\/localhost:\d+$/)],
  });
  expect(await readKind()).toBe('jaeger');
  await stop();
  expect(await readKind()).toBe('nobody');
  expect(said).toHaveLength(1);
});

it('uses one that runs already, and leaves it running', async () => {
  await open(own);
  const { env, stop } = await open(own);
  expect(env).toEqual(toEnv());
  await stop();
  expect(await readKind()).toBe('jaeger');
});

it('starts nothing when an endpoint is given', async () => {
  const given = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9318' };
  expect((await open({ ...own, ...given })).env).toEqual({});
  const page = { JAEGER_UI_URL: 'http://127.0.0.1:9686' };
  expect((await open({ ...own, ...given, ...page })).env).toEqual(page);
  expect(said).toEqual([
    expect.stringContaining('spans go to http://127.0.0.1:9318'),
    expect.stringContaining('http://127.0.0.1:9686'),
  ]);
  expect(await readKind()).toBe('nobody');
});

it('says in two lines how to get one when there is none', async () => {
  // The stub is for Docker's client, which is looked for on the PATH of this process.
  vi.stubEnv('PATH', '/empty');
  expect((await open({ PATH: '/empty' })).env).toEqual({});
  expect(said).toHaveLength(2);
  expect(said.join()).toMatch(/JAEGER_BIN.*Docker.*OTEL_EXPORTER_OTLP_ENDPOINT/);
});

it('says nothing when none is wanted', async () => {
  expect((await open({ JAEGER_BIN: 'none' })).env).toEqual({});
  expect(said).toEqual([]);
});

it('goes on without when JAEGER_BIN is a mistake', async () => {
  expect((await open({ JAEGER_BIN: '/no/such/file' })).env).toEqual({});
  expect(said).toEqual(['JAEGER_BIN=/no/such/file is no program, so orders are not traced.']);
});

it('goes on without when something else has one of its ports', async () => {
  const server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve) => server.listen(ports.query, '127.0.0.1', resolve));
  expect((await open(own)).env).toEqual({});
  expect(said).toEqual([
    `Something that is not Jaeger has port ${ports.query}, so orders are not traced.`,
  ]);
  await new Promise((closed) => server.close(closed));
});

it('goes on without, and shows what it said, when it ends at its start', async () => {
  vi.stubEnv('STAND_IN', 'fails');
  expect((await open(own)).env).toEqual({});
  expect(said.join()).toMatch(/exit code 3; it said:\nno such setting\nOrders are not traced/);
});

it('says in one line that it ended, when it does so later', async () => {
  const { env } = await open(own);
  await fetch(`${env.JAEGER_UI_URL}/end`).catch(() => {});
  await expect.poll(() => said.length).toBe(2);
  expect(said[1]).toMatch(/ended with exit code 4; orders go on/);
});

it('says nothing more when it is told to stop while one starts', async () => {
  const { env } = await open(own, AbortSignal.abort());
  expect([env, said]).toEqual([{}, []]);
  expect(await readKind()).toBe('nobody');
});
