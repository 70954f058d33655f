/**
 * Runs one app during development, and starts it again when it ends. In production the platform does this work.
 *
 * 1. No child outlives the supervisor, also after kill -9: each child's stdin is a pipe from here, and a child exits when its stdin closes.
 * 2. A child that ends unasked is started again after 300 ms. If it keeps failing before it is ready, its configuration is wrong: its
 *    message stands, and the next change of a source file tries again. If it says that a later start may help (port taken, disk
 *    full, file held by another program), or its file failed before it was ready, it is started again, ever more rarely.
 * 3. With two instances the standby always has an active one to follow: they restart one after another.
 * 4. The next child hears how the last one ended: `blameless` if somebody ended it, so that no order is suspected.
 *
 * BATON_PORTS (`thing:5001,other:5002`) goes before PORT.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { globSync, readFileSync } from 'node:fs';
import { basename, join, relative, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { watchSources } from './watch-sources.ts';

const restartMs = 300;
const restartLongestMs = 5_000;
const stopLongestMs = 3_000;
const takeOverLongestMs = 10_000;
/** A child that ends sooner than this, without having been ready, failed to start. */
const startLongestMs = 5_000;
const failedStartsMax = 2;
/** The exit code of a child that may start later. */
const tryLater = 75;
/** The exit code of a child whose journal or data file failed after the opening. */
const fileFailed = 70;
/** Signals that another process sent: a process that breaks ends with others, or with an exit code. */
const fromOutside: readonly unknown[] = ['SIGHUP', 'SIGINT', 'SIGKILL', 'SIGTERM'];

/** A program on show needs no large young heap. */
const sparing = ['--max-semi-space-size=2'];

export interface Supervised {
  /** The app's. */
  readonly folder: string;
  readonly entry: string;
  /** With two instances, one is the standby. */
  readonly count: number;
  /** The same program once more, as `NAME:PORT`. */
  readonly seconds: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly print: (line: string) => void;
}
export interface Supervisor {
  /** Resolves when no child is left. */
  stop(): Promise<void>;
  /** Kills all at once, for a process that ends. */
  kill(): void;
}

const toLine = (label: string, text: string): string => `${label.padEnd(22)} ${text}`;

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

/** How many processes the kernel has killed for want of memory. Their signal is SIGKILL, too, and they may be to blame. */
function countStarved(): string | undefined {
  if (process.platform !== 'linux') return undefined;
  return /^oom_kill (\d+)$/m.exec(readFileSync('/proc/vmstat', 'utf8'))?.[1];
}

class Instance {
  readonly #supervised: Supervised;
  readonly #label: string;
  readonly #env: NodeJS.ProcessEnv;
  #child: ChildProcess | undefined;
  #startedAtMs = 0;
  #starved = countStarved();
  #lastEnd = 'unknown';
  #failedStarts = 0;
  #triesLater = 0;
  #restart: NodeJS.Timeout | undefined;
  #ready = Promise.withResolvers<void>();
  #isOver = false;
  isReady = false;
  onEnd = (_how: string): void => {};

  constructor(supervised: Supervised, label: string, env: NodeJS.ProcessEnv) {
    this.#supervised = supervised;
    this.#label = label;
    this.#env = env;
  }

  start(): void {
    if (this.#isOver) return;
    this.#startedAtMs = performance.now();
    this.#starved = countStarved();
    const child = spawn(process.execPath, [...sparing, this.#supervised.entry], {
      cwd: this.#supervised.folder,
      env: { ...this.#env, BATON_LAST_END: this.#lastEnd },
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

  /** Stops for good. */
  async end(): Promise<void> {
    this.#isOver = true;
    await this.stop();
  }

  async restart(meanwhile: () => Promise<void>): Promise<void> {
    await this.stop();
    await meanwhile();
    this.#failedStarts = 0;
    this.start();
  }

  /** Tells a standby that takes over how the active instance ended. */
  tell(how: string): void {
    this.#child?.stdin?.write(`${how}\n`);
  }

  kill(): void {
    this.#child?.kill('SIGKILL');
  }

  async readyWithin(limitMs: number): Promise<void> {
    await Promise.race([this.#ready.promise, delay(limitMs, undefined, { ref: false })]);
  }

  #read(line: string, child: ChildProcess): void {
    const address = readReadyLine(line);
    // The last lines of an ended child say nothing about its successor.
    if (address === null || child !== this.#child) {
      this.#supervised.print(line);
      return;
    }
    this.#say(address);
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
    if (asked || this.#isOver) return;
    const isOutside = fromOutside.includes(signal) && countStarved() === this.#starved;
    this.#lastEnd = isOutside || code === fileFailed ? 'blameless' : 'unknown';
    this.onEnd(this.#lastEnd);
    if (code === tryLater || (code === fileFailed && failedToStart)) {
      this.#tryLater();
      return;
    }
    this.#failedStarts = failedToStart ? this.#failedStarts + 1 : 0;
    const how = signal ? `ended by ${signal}` : `ended with exit code ${code}`;
    if (code !== null && this.#failedStarts >= failedStartsMax) {
      this.#say(`${how} again before it was ready; waiting for a change`);
      return;
    }
    this.#say(`${how}; starting again`);
    this.#startIn(toDelay(Math.max(0, this.#failedStarts - 1)));
  }

  /** Also after a long life: a standby meets the taken port only when it takes over. */
  #tryLater(): void {
    const delayMs = toDelay(this.#triesLater);
    this.#triesLater += 1;
    this.#say(`did not start, its message above says why; again in ${delayMs / 1_000} s`);
    this.#startIn(delayMs);
  }

  #say(text: string): void {
    this.#supervised.print(toLine(this.#label, text));
  }

  #startIn(delayMs: number): void {
    this.#restart = setTimeout(() => this.start(), delayMs);
  }
}

/** The active instance goes first, and is started again once the standby has taken over: the two would race for the port. */
async function restartInTurn(instances: readonly Instance[]): Promise<void> {
  const hadActive = instances.some(({ isReady }) => isReady);
  const inTurn = instances.toSorted((a, b) => Number(b.isReady) - Number(a.isReady));
  for (const instance of inTurn) {
    const others = instances.filter((other) => other !== instance);
    await instance.restart(async () => {
      if (hadActive && others.length > 0)
        await Promise.race(others.map((other) => other.readyWithin(takeOverLongestMs)));
    });
  }
}

function findPort(env: NodeJS.ProcessEnv, name: string): string | undefined {
  const named = (env.BATON_PORTS ?? '').split(',').map((pair) => pair.split(':'));
  return named.find(([known]) => known === name)?.[1];
}

/** The same program under a name, a port and data of its own. A port of 0 is any free one, for both. */
function createSecond(supervised: Supervised, second: string, env: NodeJS.ProcessEnv): Instance {
  const [name = '', usualPort] = second.split(':');
  const port = findPort(env, name) ?? (env.PORT === '0' ? '0' : usualPort);
  return new Instance(supervised, name, { ...env, STORE_NAME: name, PORT: port });
}

function createInstances(supervised: Supervised, app: string, workspace: string): Instance[] {
  const { count, seconds } = supervised;
  const env = {
    // A process that needs not compile TypeScript starts sooner and is 14 MB smaller.
    NODE_COMPILE_CACHE: join(workspace, 'node_modules/.cache/node'),
    ...supervised.env,
    PORT: findPort(supervised.env, app) ?? supervised.env.PORT,
    BATON_SUPERVISED: '1',
  };
  if (count === 1)
    return [
      new Instance(supervised, app, env),
      ...seconds.map((second) => createSecond(supervised, second, env)),
    ];
  const instances = Array.from(
    { length: count },
    (_, place) => new Instance(supervised, `${app} ${place + 1}`, { ...env, STANDBY: 'true' }),
  );
  for (const instance of instances)
    instance.onEnd = (how) => {
      for (const other of instances) if (other !== instance) other.tell(how);
    };
  return instances;
}

export function supervise(supervised: Supervised): Supervisor {
  const { folder, print } = supervised;
  const app = basename(folder);
  const workspace = resolve(folder, '../..');
  const instances = createInstances(supervised, app, workspace);
  let isOver = false;
  const packages = globSync('packages/*/src', { cwd: workspace });
  watchSources(
    [join(folder, 'src'), ...packages.map((path) => join(workspace, path))],
    async (file) => {
      if (isOver) return;
      print(toLine(app, `${relative(workspace, file)} changed; restarting`));
      await restartInTurn(instances);
    },
    (error) => print(toLine(app, `changes are not seen: ${error.message}`)),
  );
  for (const instance of instances) instance.start();
  return {
    async stop() {
      isOver = true;
      await Promise.all(instances.map((instance) => instance.end()));
    },
    kill() {
      for (const instance of instances) instance.kill();
    },
  };
}
