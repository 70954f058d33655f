/** How Jaeger is started and ended, with a stand-in for it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterEach, expect, it, vi } from 'vitest';
import { type JaegerPorts, pickFreePorts, readOccupant } from './jaeger-ports.ts';
import { type Jaeger, launchJaeger } from './jaeger-process.ts';

const program = { kind: 'program', file: join(import.meta.dirname, 'jaeger-stand-in.ts') } as const;
const isFree = async (ports: JaegerPorts) => (await readOccupant(ports)).kind === 'nobody';

let jaeger: Jaeger | undefined;
afterEach(async () => {
  vi.unstubAllEnvs();
  await jaeger?.stop();
  jaeger = undefined;
});

async function launch(ports: JaegerPorts): Promise<Jaeger> {
  const launched = await launchJaeger(program, ports);
  if (!launched.ok) throw new Error(launched.why);
  jaeger = launched.jaeger;
  return jaeger;
}

it('answers when it is launched, and frees its ports when it is stopped', async () => {
  const ports = await pickFreePorts();
  const { otlpUrl, uiUrl, stop } = await launch(ports);
  expect([otlpUrl, uiUrl]).toEqual([
    `http://127.0.0.1:${ports.otlp}`,
    `http://localhost:${ports.query}`,
  ]);
  expect(await readOccupant(ports)).toEqual({ kind: 'jaeger' });
  await stop();
  expect(await isFree(ports)).toBe(true);
});

it('is killed when it does not end by itself', async () => {
  vi.stubEnv('STAND_IN', 'ignores-sigterm');
  const ports = await pickFreePorts();
  await (await launch(ports)).stop();
  expect(await isFree(ports)).toBe(true);
});

it('says how it ended, and what it said, when it never answered', async () => {
  vi.stubEnv('STAND_IN', 'fails');
  expect(await launchJaeger(program, await pickFreePorts())).toEqual({
    ok: false,
    why: 'ended with exit code 3; it said:\nno such setting',
  });
});

it('says how it ended when it ends unasked', async () => {
  const ports = await pickFreePorts();
  const { uiUrl, ended } = await launch(ports);
  await fetch(`${uiUrl}/end`).catch(() => {});
  expect(await ended).toBe('exit code 4');
});

it('leaves nothing behind when its launch is given up', async () => {
  vi.stubEnv('STAND_IN', 'mute');
  const ports = await pickFreePorts();
  const givenUp = new AbortController();
  const launched = launchJaeger(program, ports, givenUp.signal);
  await expect.poll(() => isFree(ports)).toBe(false);
  givenUp.abort();
  expect((await launched).ok).toBe(false);
  expect(await isFree(ports)).toBe(true);
});

it('ends when whoever launched it is killed', async () => {
  const ports = await pickFreePorts();
  const script = `
    import { launchJaeger } from ${JSON.stringify(join(import.meta.dirname, 'jaeger-process.ts'))};
    await launchJaeger(${JSON.stringify(program)}, ${JSON.stringify(ports)});
    console.log('launched');
    setInterval(() => {}, 1_000);`;
  const launcher = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(launcher.stdout, 'data');
  expect(await isFree(ports)).toBe(false);
  launcher.kill('SIGKILL');
  await expect.poll(() => isFree(ports)).toBe(true);
});
