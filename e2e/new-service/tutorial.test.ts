/** The tutorial, done as it says, in a copy of this repository with ports of its own: every command and every answer. */
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { listedParticipants, orchestratorPort } from '@baton/contracts';
import { isFree } from '@baton/saga-restate/nodes';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { copyTree } from '../src/tree-copy.ts';
import { type Block, findMissing, readBlocks } from '../src/tutorial-page.ts';

const page = readFileSync(new URL('../../docs/tutorial.md', import.meta.url), 'utf8');
const folder = mkdtempSync(join(tmpdir(), 'baton-tutorial-'));
const tree = join(folder, 'baton');
const env: NodeJS.ProcessEnv = {
  PATH: process.env.PATH,
  HOME: process.env.HOME,
  NO_COLOR: '1',
  // Of this copy: what it starts again need not be compiled again.
  NODE_COMPILE_CACHE: join(folder, 'compiled'),
};
const done = '-- done with ';
let firstPort = 0;

/** The page kills what listens on a port, which needs lsof; where the repository is built, it must be there. */
const hasLsof = spawnSync('lsof', ['-v']).error === undefined;

/** Of the participants' ports. */
const offsets = listedParticipants.map(({ port }) => port - orchestratorPort);

/** The first of as many in a row as are started, and the page names; below those that the system hands out. */
async function findFreePorts(): Promise<number> {
  for (;;) {
    const first = 20_000 + Math.floor(Math.random() * 10_000);
    const ports = [0, ...offsets, 10].map((offset) => first + offset);
    if ((await Promise.all(ports.map(isFree))).every(Boolean)) return first;
  }
}

/** Something that runs on and is heard. */
class Terminal {
  readonly #child: ChildProcess;
  #output = '';

  constructor(command: string, args: readonly string[], more: NodeJS.ProcessEnv = {}) {
    // A group of its own, so that all of it can be stopped.
    this.#child = spawn(command, args, { cwd: tree, env: { ...env, ...more }, detached: true });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.#output += text;
      });
    }
  }

  get length(): number {
    return this.#output.length;
  }

  since(start: number): string {
    return this.#output.slice(start);
  }

  type(line: string): void {
    this.#child.stdin?.write(`${line}\n`);
  }

  /** Waits until all lines came, after what had come at `start`. */
  async saying(lines: readonly string[], start: number): Promise<void> {
    const poll = { timeout: 1_200_000, interval: 50 };
    const missing = () => findMissing(lines, this.since(start));
    await expect
      .poll(missing, poll)
      .toBeUndefined()
      .catch((error) => {
        throw new Error(`${error.message}\nCame:\n${this.since(start)}`);
      });
  }

  async stop(): Promise<void> {
    const { pid, exitCode } = this.#child;
    if (pid === undefined || exitCode !== null) return;
    const closed = once(this.#child, 'close');
    process.kill(-pid, 'SIGTERM');
    await closed;
  }
}

/** A reader, with a shell and what else was started. */
class Reader {
  readonly #shell = new Terminal('bash', ['--norc', '--noprofile']);
  readonly #programs = new Map<string, Terminal>();
  #heard = { terminal: this.#shell, start: 0 };
  #blocks = 0;

  async follow(block: Block): Promise<void> {
    switch (block.type) {
      case 'commands':
        return this.#run(block.text);
      case 'program':
        return this.#start(block.terminal, block.text);
      case 'file':
        return writeFileSync(join(tree, block.path), block.text);
      case 'patch':
        return this.#apply(block.text);
      case 'answer':
        return this.#heard.terminal.saying(block.lines, this.#heard.start);
      default:
        return block satisfies never;
    }
  }

  /** In one shell, which remembers; its input is not the commands' input. */
  async #run(text: string): Promise<void> {
    this.#blocks += 1;
    const file = join(folder, `block-${this.#blocks}.sh`);
    writeFileSync(file, text);
    const start = this.#shell.length;
    this.#heard = { terminal: this.#shell, start };
    this.#shell.type(`. ${file} </dev/null; printf '\\n%s\\n' "${done}${this.#blocks}: $?"`);
    await this.#shell.saying([`${done}${this.#blocks}: …`], start);
    expect(this.#shell.since(start), text).toContain(`${done}${this.#blocks}: 0`);
  }

  #start(name: string, text: string): void {
    // Installed already, or this test would not run.
    const command = text.replace(/^npm install\n/, '').trim();
    const terminal = new Terminal('bash', ['-c', `exec ${command}`], { PORT: String(firstPort) });
    this.#programs.set(name, terminal);
    this.#heard = { terminal, start: 0 };
  }

  /** A change of the sources is told in the first terminal. */
  #apply(text: string): void {
    const terminal = this.#programs.get('first terminal');
    if (!terminal) throw new Error('nothing was started in the first terminal');
    this.#heard = { terminal, start: terminal.length };
    execFileSync('git', ['apply'], { cwd: tree, input: text, stdio: ['pipe', 'pipe', 'pipe'] });
  }

  async leave(): Promise<void> {
    await Promise.all([this.#shell, ...this.#programs.values()].map((one) => one.stop()));
  }
}

/** The page adds a version to those that the shop came with. Whoever has added one has read it. */
function removeLaterVersions(): void {
  const newest = Number(/version: (\d+)\/version: /.exec(page)?.[1]);
  const folder = join(tree, 'apps/orchestrator/src/place-order');
  const isLater = (name: string): boolean => Number(/^v(\d+)\b/.exec(name)?.[1]) > newest;
  for (const file of readdirSync(folder)) if (isLater(file)) rmSync(join(folder, file));
  const structures = join(folder, 'structures.json');
  const kept = Object.entries(JSON.parse(readFileSync(structures, 'utf8'))).filter(
    ([version]) => !isLater(version),
  );
  writeFileSync(structures, `${JSON.stringify(Object.fromEntries(kept), null, 2)}\n`);
}

/** As a clone has: checks ask what has landed. */
function beginHistory(): void {
  const author = ['-c', 'user.name=reader', '-c', 'user.email=reader@example.com'];
  for (const args of [
    ['init', '-q'],
    ['add', '-A'],
    [...author, 'commit', '-qm', 'Begin'],
  ])
    execFileSync('git', args, { cwd: tree });
}

describe.runIf(hasLsof || process.env.CI)('the tutorial', () => {
  let reader: Reader;
  let blocks: readonly Block[];

  beforeAll(async () => {
    firstPort = await findFreePorts();
    const rewrite = (text: string): string =>
      text
        .replaceAll(/\b400([0-5])\b/g, (_port, offset) => String(firstPort + Number(offset)))
        .replaceAll(/\b4010\b/g, String(firstPort + 10));
    copyTree(tree);
    removeLaterVersions();
    beginHistory();
    blocks = readBlocks(rewrite(page));
    reader = new Reader();
  });
  afterAll(async () => {
    await reader.leave();
    rmSync(folder, { recursive: true });
  });

  it('does what it says', async () => {
    for (const block of blocks) await reader.follow(block);
    expect(blocks.length).toBeGreaterThan(15);
  }, 1_800_000);
});
