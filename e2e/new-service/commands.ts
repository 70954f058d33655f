/** Commands in a copy of this repository, as a newcomer types them in a fresh clone. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';

/** Without the variables of the `npm run` around this test. */
const toEnv = (more: NodeJS.ProcessEnv): NodeJS.ProcessEnv => ({
  PATH: process.env.PATH,
  HOME: process.env.HOME,
  NO_COLOR: '1',
  JAEGER_BIN: 'none',
  ...more,
});

export interface Place {
  readonly tree: string;
  readonly env: NodeJS.ProcessEnv;
}

/** The command's output; its exit code must be 0. */
export function npm({ tree, env }: Place, ...args: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync('npm', args, {
    cwd: tree,
    env: toEnv(env),
    encoding: 'utf8',
    timeout: 300_000,
    maxBuffer: 50_000_000,
  });
  if (status !== 0)
    throw new Error(`npm ${args.join(' ')} ended with ${status}\n${error ?? ''}${stdout}${stderr}`);
  return `${stdout}${stderr}`;
}

/** `npm run dev`, until it is stopped. */
export class Dev {
  readonly #child: ChildProcess;
  output = '';

  constructor({ tree, env }: Place) {
    this.#child = spawn('npm', ['run', 'dev'], {
      cwd: tree,
      env: toEnv({ ...env, PORT: '0' }),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.output += text;
      });
    }
  }

  urlOf(name: string): string {
    const [, port] = new RegExp(`^${name} .*http://localhost:(\\d+)$`, 'm').exec(this.output) ?? [];
    if (!port) throw new Error(`${name} did not say where it is:\n${this.output}`);
    return `http://127.0.0.1:${port}`;
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null) return;
    const closed = once(this.#child, 'close');
    this.#child.kill('SIGINT');
    await closed;
  }
}
