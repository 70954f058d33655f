/**
 * Runs one app during development, from the app's folder, and starts it again when it ends:
 * `node ../../scripts/supervise.ts src/main.ts [--instances 2] [--second NAME:PORT …]`. In production the platform does this work.
 *
 * 1. No child outlives it, also after kill -9: each child's stdin is a pipe from here, and a child exits when its stdin closes.
 * 2. It does not outlive what started it, which may die without passing a signal on.
 * 3. A child that ends unasked is started again after 300 ms. One that keeps failing before it is ready has a wrong configuration: its
 *    message stands, and the next change of a source file tries again. One that says that starting later may help (port taken, disk
 *    full, file held by another program) or whose file failed before it was ready is started again, ever more rarely.
 * 4. With two instances the standby always has an active one to follow: they restart one after another.
 *
 * BATON_PORTS (`thing:5001,other:5002`) goes before PORT. It imports nothing but Node's own modules: one runs beside each app.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { globSync, readFileSync, watch } from 'node:fs';
import { flushCompileCache } from 'node:module';
import { basename, join, relative, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';

const restartMs = 300;
const restartLongestMs = 5_000;
const stopLongestMs = 3_000;
const takeOverLongestMs = 5_000;
const debounceMs = 100;
const ancestryEveryMs = 500;
/** A child that ends sooner than this, without having been ready, failed to start. */
const startLongestMs = 5_000;
const failedStartsMax = 2;
/** The exit code of a child that may start later. */
const tryLater = 75;
/** That of one whose journal or data file failed after it was opened. */
const fileFailed = 70;

const appFolder = process.cwd();
const workspaceFolder = resolve(appFolder, '../..');
const appName = basename(appFolder);
let stopping = false;

function say(label: string, text: string): void {
  process.stdout.write(`${label.padEnd(22)} ${text}\n`);
}

/** The address in a child's ready line, or null for any other line. */
function readReadyLine(line: string): string | null {
  if (!line.startsWith('{"ready":true')) return null;
  try {
    const { port } = JSON.parse(line);
    return Number.isInteger(port) ? `http://localhost:${port}` : null;
  } catch {
    return null;
  }
}

const toDelay = (doublings: number): number =>
  Math.min(restartMs * 2 ** doublings, restartLongestMs);

class Instance {
  readonly #entry: string;
  readonly #label: string;
  readonly #env: NodeJS.ProcessEnv;
  #child: ChildProcess | undefined;
  #startedAtMs = 0;
  #failedStarts = 0;
  #triesLater = 0;
  #restart: NodeJS.Timeout | undefined;
  #ready = Promise.withResolvers<void>();
  isReady = false;

  constructor(entry: string, label: string, env: NodeJS.ProcessEnv) {
    this.#entry = entry;
    this.#label = label;
    this.#env = env;
  }

  start(): void {
    if (stopping) return;
    this.#startedAtMs = performance.now();
    const child = spawn(process.execPath, [this.#entry], {
      env: this.#env,
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    child.stdin.on('error', () => {}); // It ended first; its exit is reported below.
    createInterface({ input: child.stdout }).on('line', (line) => this.#read(line, child));
    child.once('exit', (code, signal) => this.#ended(code, signal));
    this.#child = child;
  }

  async stop(): Promise<void> {
    clearTimeout(this.#restart);
    const child = this.#child;
    if (!child) return;
    this.#child = undefined;
    const exit = once(child, 'exit');
    child.stdin?.end();
    child.kill('SIGTERM');
    const lastResort = setTimeout(() => child.kill('SIGKILL'), stopLongestMs);
    await exit;
    clearTimeout(lastResort);
  }

  async restart(): Promise<void> {
    await this.stop();
    this.#failedStarts = 0;
    this.start();
  }

  kill(): void {
    this.#child?.kill('SIGKILL');
  }

  async readyWithin(limitMs: number): Promise<void> {
    await Promise.race([this.#ready.promise, delay(limitMs, undefined, { ref: false })]);
  }

  #read(line: string, child: ChildProcess): void {
    const address = readReadyLine(line);
    // The last lines of a child that is gone say nothing about its successor.
    if (address === null || child !== this.#child) {
      process.stdout.write(`${line}\n`);
      return;
    }
    say(this.#label, address);
    this.isReady = true;
    this.#failedStarts = 0;
    this.#triesLater = 0;
    this.#ready.resolve();
  }

  #ended(code: number | null, signal: NodeJS.Signals | null): void {
    const failedToStart = !this.isReady && performance.now() - this.#startedAtMs < startLongestMs;
    const asked = this.#child === undefined;
    this.#child = undefined;
    this.isReady = false;
    this.#ready = Promise.withResolvers();
    if (asked || stopping) return;
    if (code === tryLater || (code === fileFailed && failedToStart)) {
      this.#tryLater();
      return;
    }
    this.#failedStarts = failedToStart ? this.#failedStarts + 1 : 0;
    const how = signal ? `ended by ${signal}` : `ended with exit code ${code}`;
    if (code !== null && this.#failedStarts >= failedStartsMax) {
      say(this.#label, `${how} again before it was ready; waiting for a change`);
      return;
    }
    say(this.#label, `${how}; starting again`);
    this.#startIn(toDelay(Math.max(0, this.#failedStarts - 1)));
  }

  /** Also after a long life: a standby meets the taken port only when it takes over. */
  #tryLater(): void {
    const delayMs = toDelay(this.#triesLater);
    this.#triesLater += 1;
    say(this.#label, `did not start, its message above says why; again in ${delayMs / 1_000} s`);
    this.#startIn(delayMs);
  }

  #startIn(delayMs: number): void {
    this.#restart = setTimeout(() => this.start(), delayMs);
  }
}

/** The active instance goes first: the standby takes over at once, and goes when it has. */
async function restartInTurn(instances: readonly Instance[]): Promise<void> {
  const hadActive = instances.some(({ isReady }) => isReady);
  const inTurn = instances.toSorted((a, b) => Number(b.isReady) - Number(a.isReady));
  for (const [place, instance] of inTurn.entries()) {
    if (place > 0 && hadActive) await instance.readyWithin(takeOverLongestMs);
    await instance.restart();
  }
  // So that a change which comes meanwhile finds an active one, too, and leaves one.
  const ready = instances.map((instance) => instance.readyWithin(takeOverLongestMs));
  if (hadActive && instances.length > 1) await Promise.race(ready);
}

/** Calls `onChange` once for a burst of changes, and not again before it has finished. */
function watchSources(folders: readonly string[], onChange: (file: string) => Promise<void>): void {
  let timer: NodeJS.Timeout | undefined;
  let turn = Promise.resolve();
  for (const folder of folders) {
    const watcher = watch(folder, { recursive: true }, (_event, name) => {
      if (!name?.endsWith('.ts') || name.endsWith('.test.ts')) return;
      clearTimeout(timer);
      timer = setTimeout(() => {
        turn = turn.then(() => onChange(join(folder, name)));
      }, debounceMs);
    });
    watcher.on('error', (error) => say(appName, `changes are not seen: ${error.message}`));
  }
}

function readProcess(pid: number): { parent: number; command: string } {
  if (process.platform === 'linux') {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field is the program's name in brackets, which may itself hold blanks and brackets.
    const [, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return { parent: Number(parent), command: readFileSync(`/proc/${pid}/cmdline`, 'utf8') };
  }
  const ps = execFileSync('ps', ['-o', 'ppid=,command=', '-p', String(pid)], { encoding: 'utf8' });
  const [, parent, command = ''] = /^\s*(\d+)\s+(.*)/.exec(ps) ?? [];
  return { parent: Number(parent), command };
}

/** What started this process, up to the outermost npm or turbo. A shell above those may well go before it. */
function readStarters(): readonly number[] {
  const ancestors: number[] = [];
  let starters = 1;
  for (let pid = process.ppid; pid > 1; ) {
    const { parent, command } = readProcess(pid);
    ancestors.push(pid);
    if (/\b(npm|npx|turbo)\b/.test(command)) starters = ancestors.length;
    pid = parent;
  }
  return ancestors.slice(0, starters);
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/** Turbo killed with -9 leaves npm, and so the parent of this process, in place: all of them are watched. */
function watchStarters(onGone: () => void): void {
  const parent = process.ppid;
  const starters = readStarters();
  setInterval(() => {
    if (process.ppid !== parent || !starters.every(isAlive)) onGone();
  }, ancestryEveryMs);
}

function findPort(name: string): string | undefined {
  const named = (process.env.BATON_PORTS ?? '').split(',').map((pair) => pair.split(':'));
  return named.find(([known]) => known === name)?.[1];
}

/** The same program once more, under a name, a port and data of its own. A port of 0 is any free one, for both. */
function createSecond(entry: string, second: string, env: NodeJS.ProcessEnv): Instance {
  const [name = '', usualPort] = second.split(':');
  const port = findPort(name) ?? (env.PORT === '0' ? '0' : usualPort);
  return new Instance(entry, name, { ...env, STORE_NAME: name, PORT: port });
}

function createInstances(entry: string, count: number, seconds: readonly string[]): Instance[] {
  const env = {
    NODE_COMPILE_CACHE: join(workspaceFolder, 'node_modules/.cache/node'),
    ...process.env,
    PORT: findPort(appName) ?? process.env.PORT,
    BATON_SUPERVISED: '1',
  };
  const first = new Instance(entry, appName, env);
  if (count === 1) return [first, ...seconds.map((second) => createSecond(entry, second, env))];
  return Array.from(
    { length: count },
    (_, place) => new Instance(entry, `${appName} ${place + 1}`, { ...env, STANDBY: 'true' }),
  );
}

function main(): void {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      instances: { type: 'string', default: '1' },
      second: { type: 'string', multiple: true },
    },
  });
  const { instances: count, second = [] } = values;
  const instances = createInstances(positionals[0] ?? 'src/main.ts', Number(count), second);

  async function stop(): Promise<void> {
    if (stopping) return;
    stopping = true;
    await Promise.all(instances.map((instance) => instance.stop()));
    process.exit();
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop);
  process.stdout.on('error', stop);
  process.on('exit', () => {
    for (const instance of instances) instance.kill();
  });
  watchStarters(stop);

  const packages = globSync('packages/*/src', { cwd: workspaceFolder });
  const folders = [join(appFolder, 'src'), ...packages.map((path) => join(workspaceFolder, path))];
  watchSources(folders, async (file) => {
    if (stopping) return;
    say(appName, `${relative(workspaceFolder, file)} changed; restarting`);
    await restartInTurn(instances);
  });
  for (const instance of instances) instance.start();
  // Its next start is quick and small, even if this process is killed.
  flushCompileCache();
}

main();
