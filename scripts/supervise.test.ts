/** Real processes: what is promised here is what the system does when one of them is killed. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';

const superviseScript = join(import.meta.dirname, 'supervise.ts');
const deadline = { interval: 20 };

/** Listens as soon as the port is free, as a standby does, and exits when its stdin closes. */
const service = `
import { createServer } from 'node:http';
const server = createServer((_request, response) => response.end());
server.on('error', () => setTimeout(listen, 20));
server.on('listening', () => {
  console.log('pid=' + process.pid + ' at=' + performance.timeOrigin + ' standby=' + process.env.STANDBY);
  console.log(JSON.stringify({ ready: true, service: 'thing', port: server.address().port }));
});
const listen = () => server.listen(Number(process.env.PORT ?? 0), '127.0.0.1');
listen();
process.stdin.resume().on('end', () => process.exit());
process.on('SIGTERM', () => process.exit());
`;
const deafService = `${service}
process.stdin.removeAllListeners('end');
process.removeAllListeners('SIGTERM').on('SIGTERM', () => {});
`;

let workspace: string;
let started: ChildProcess[];

beforeEach(() => {
  workspace = mkdtempSync(join(tmpdir(), 'supervise-'));
  started = [];
  mkdirSync(join(workspace, 'apps/thing/src'), { recursive: true });
  mkdirSync(join(workspace, 'packages/lib/src'), { recursive: true });
});

afterEach(() => {
  for (const process of started) process.kill('SIGKILL');
  rmSync(workspace, { recursive: true, force: true });
});

function writeProgram(text: string): void {
  writeFileSync(join(workspace, 'apps/thing/src/main.ts'), text);
}

interface Supervised {
  readonly process: ChildProcess;
  readonly output: () => string;
  /** What the children said of themselves, in the order in which they began to serve. */
  readonly served: () => readonly { pid: number; atMs: number; port: number; standby: boolean }[];
}

function run(command: string, args: readonly string[], env = {}): Supervised {
  const child = spawn(command, args, {
    cwd: join(workspace, 'apps/thing'),
    // A child that ends during the clean-up would write its cache into the folder being removed.
    env: { ...process.env, NODE_DISABLE_COMPILE_CACHE: '1', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  started.push(child);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  const line = /pid=(\d+) at=([\d.]+) standby=(\w+)\nthing.* http:\/\/localhost:(\d+)\n/g;
  return {
    process: child,
    output: () => output,
    served: () =>
      [...output.matchAll(line)].map(([, pid, at, standby, port]) => ({
        pid: Number(pid),
        atMs: Number(at),
        port: Number(port),
        standby: standby === 'true',
      })),
  };
}

function supervise(...args: readonly string[]): Supervised {
  return run(process.execPath, [superviseScript, 'src/main.ts', ...args]);
}

async function nthServed(supervised: Supervised, count: number) {
  await expect.poll(() => supervised.served().length, deadline).toBeGreaterThanOrEqual(count);
  const served = supervised.served()[count - 1];
  if (!served) throw new Error('unreachable: the poll above saw it');
  return served;
}

async function isServing(port: number): Promise<boolean> {
  return await fetch(`http://127.0.0.1:${port}`).then(
    () => true,
    () => false,
  );
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  if (address === null || typeof address === 'string') throw new Error('not a TCP server');
  return address.port;
}

test('starts a child again, 300 ms later, when it was killed', async () => {
  writeProgram(service);
  const supervised = supervise();
  const first = await nthServed(supervised, 1);
  const killedAtMs = Date.now();
  process.kill(first.pid, 'SIGKILL');
  const second = await nthServed(supervised, 2);
  expect(second.pid).not.toBe(first.pid);
  // A timer may fire one millisecond early.
  expect(second.atMs - killedAtMs).toBeGreaterThanOrEqual(299);
  expect(supervised.output()).toContain('ended by SIGKILL; starting again');
});

test.each([
  ['SIGKILL', 'blameless'],
  ['SIGTERM', 'blameless'],
  ['SIGABRT', 'unknown'],
  ['SIGALRM', 'unknown'],
] as const)('says how the one before ended: by %s, so it is %s', async (signal, how) => {
  writeProgram(`${service}
process.removeAllListeners('SIGTERM');
console.log('before=' + process.env.BATON_LAST_END);`);
  const supervised = supervise();
  const { pid } = await nthServed(supervised, 1);
  process.kill(pid, signal);
  await nthServed(supervised, 2);
  const said = [...supervised.output().matchAll(/before=(\w+)/g)].map(([, word]) => word);
  expect(said).toEqual(['unknown', how]);
});

test.each([
  [70, 'blameless'],
  [1, 'unknown'],
])('tells a standby how the active one ended: with %i, so it is %s', async (code, how) => {
  writeProgram(`${service}
process.stdin.on('data', (line) => console.log('heard ' + line));
process.on('SIGUSR2', () => process.exit(${code}));`);
  const args = [superviseScript, 'src/main.ts', '--instances', '2'];
  const supervised = run(process.execPath, args, { PORT: String(await freePort()) });
  const { pid } = await nthServed(supervised, 1);
  process.kill(pid, 'SIGUSR2');
  await expect.poll(supervised.output, deadline).toContain(`heard ${how}`);
});

test.each(['apps/thing/src/main.ts', 'packages/lib/src/new-file.ts'])(
  'starts the child anew when %s changed',
  async (file) => {
    writeProgram(service);
    const supervised = supervise();
    const first = await nthServed(supervised, 1);
    writeFileSync(join(workspace, file), service);
    const second = await nthServed(supervised, 2);
    expect(second.pid).not.toBe(first.pid);
    expect(await isServing(first.port)).toBe(false);
    expect(supervised.output()).toContain(`${file} changed; restarting`);
  },
);

test.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
  'stops its child and exits 0 on %s',
  async (signal) => {
    writeProgram(service);
    const supervised = supervise();
    const { port } = await nthServed(supervised, 1);
    supervised.process.kill(signal);
    const [code] = await once(supervised.process, 'exit');
    expect(code).toBe(0);
    expect(await isServing(port)).toBe(false);
  },
);

test('kills a child that does not stop when asked', async () => {
  writeProgram(deafService);
  const supervised = supervise();
  const { port } = await nthServed(supervised, 1);
  supervised.process.kill('SIGINT');
  const [code] = await once(supervised.process, 'exit');
  expect(code).toBe(0);
  expect(await isServing(port)).toBe(false);
});

test('leaves no child when it is itself killed with -9', async () => {
  writeProgram(service);
  const supervised = supervise();
  const { port } = await nthServed(supervised, 1);
  supervised.process.kill('SIGKILL');
  await expect.poll(() => isServing(port), deadline).toBe(false);
});

test('ends when its parent was killed', async () => {
  writeProgram(service);
  const supervised = run('sh', ['-c', `${process.execPath} ${superviseScript} src/main.ts; true`]);
  const { port } = await nthServed(supervised, 1);
  supervised.process.kill('SIGKILL');
  await expect.poll(() => isServing(port), deadline).toBe(false);
});

test('ends when npm or turbo was killed further up and its own parent lives on', async () => {
  writeProgram(service);
  const inner = `sh -c '${process.execPath} ${superviseScript} src/main.ts; true'; true`;
  const supervised = run('sh', ['-c', inner, 'npm run dev']);
  const { port } = await nthServed(supervised, 1);
  supervised.process.kill('SIGKILL');
  await expect.poll(() => isServing(port), deadline).toBe(false);
});

test('waits for a change when the child cannot start', async () => {
  writeProgram("console.error('PORT must be a number'); process.exit(1);");
  const supervised = supervise();
  await expect.poll(supervised.output, deadline).toContain('waiting for a change');
  const said = () => supervised.output().match(/PORT must be/g);
  // What a child says comes another way than what is said of it.
  await expect.poll(said, deadline).toHaveLength(2);
  writeProgram(service);
  await nthServed(supervised, 1);
  expect(said()).toHaveLength(2);
});

test('tries again, ever more rarely, while its port is taken, and starts once it is free', async () => {
  const owner = createServer().listen(0, '127.0.0.1');
  await once(owner, 'listening');
  const address = owner.address();
  if (address === null || typeof address === 'string') throw new Error('not a TCP server');
  writeProgram(
    service.replace(
      'setTimeout(listen, 20)',
      "{ console.error('port is taken'); process.exit(75); }",
    ),
  );
  const supervised = run(process.execPath, [superviseScript, 'src/main.ts'], {
    PORT: String(address.port),
  });
  const tries = () =>
    [...supervised.output().matchAll(/says why; again in ([\d.]+) s/g)].map(([, s]) => s);
  // Once more than a child may fail that has a wrong configuration.
  await expect.poll(() => tries().slice(0, 3), deadline).toEqual(['0.3', '0.6', '1.2']);
  owner.close();
  expect((await nthServed(supervised, 1)).port).toBe(address.port);
  expect(supervised.output().match(/port is taken/g)).toHaveLength(tries().length);
});

test('listens where BATON_PORTS says, by its name and by that of its second', async () => {
  writeProgram(service);
  const [port, second] = [await freePort(), await freePort()];
  const args = [superviseScript, 'src/main.ts', '--second', 'thing-two:1'];
  const ports = `other:1,thing:${port},thing-two:${second}`;
  const supervised = run(process.execPath, args, { PORT: '1', BATON_PORTS: ports });
  // Their lines come as they are ready, one between two of the other.
  const served = () =>
    [...supervised.output().matchAll(/^thing.* http:\/\/localhost:(\d+)$/gm)].map(([, at]) =>
      Number(at),
    );
  await expect.poll(() => served().toSorted(), deadline).toEqual([port, second].toSorted());
  expect(supervised.output()).toMatch(new RegExp(`^thing-two +http://localhost:${second}$`, 'm'));
});

test('goes on trying while the journal fails before the child is ready', async () => {
  writeProgram("console.error('disk is full'); process.exit(70);");
  const supervised = supervise();
  const tries = () => supervised.output().match(/disk is full/g)?.length ?? 0;
  await expect.poll(tries, deadline).toBeGreaterThan(2);
  expect(supervised.output()).not.toContain('waiting for a change');
});

test('restarts the active instance first and the standby after it took over', async () => {
  writeProgram(service);
  const port = await freePort();
  const args = [superviseScript, 'src/main.ts', '--instances', '2'];
  const supervised = run(process.execPath, args, { PORT: String(port) });
  const active = await nthServed(supervised, 1);
  writeProgram(`${service}\n// changed`);
  const standby = await nthServed(supervised, 2);
  const last = await nthServed(supervised, 3);
  expect(new Set([active.pid, standby.pid, last.pid]).size).toBe(3);
  expect([active, standby, last].every((served) => served.standby)).toBe(true);
  supervised.process.kill('SIGINT');
  await once(supervised.process, 'exit');
  expect(await isServing(port)).toBe(false);
});

test('restarts in turn once more when a change comes while it does', async () => {
  const slow = service.replace(/^listen\(\);$/m, 'setTimeout(listen, 400);');
  writeProgram(slow);
  const args = [superviseScript, 'src/main.ts', '--instances', '2'];
  const supervised = run(process.execPath, args, { PORT: String(await freePort()) });
  await nthServed(supervised, 1);
  writeProgram(`${slow}\n// changed`);
  await nthServed(supervised, 2);
  writeProgram(`${slow}\n// changed again`);
  await nthServed(supervised, 5);
  expect(new Set(supervised.served().map(({ pid }) => pid)).size).toBe(5);
});
