/** Builds the function and runs it on workerd, the runtime of Cloudflare's Workers, with its data in a folder. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { builtinModules, createRequire } from 'node:module';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { StartupProblem, toHostName } from '@baton/service-kit/participant';
import { build } from 'rolldown';

const require = createRequire(import.meta.url);
/** workerd's program, from a CommonJS module, which not all runners of this file import alike. */
const { default: program }: { readonly default: string } = require('workerd');
const config = join(import.meta.dirname, '../function.capnp');

/** Bundles only what the function uses: code for processes does not run there. Returns the modules' paths. */
export async function buildFunction(
  folder: string,
  entry = 'function.ts',
): Promise<readonly string[]> {
  const { output } = await build({
    input: join(import.meta.dirname, entry),
    platform: 'browser',
    external: [/^node:/, ...builtinModules],
    treeshake: { moduleSideEffects: false },
    output: { file: join(folder, 'function.js'), format: 'esm', minify: true },
  });
  return output[0].moduleIds;
}

export interface StartOptions {
  /** The folder of the build. */
  readonly folder: string;
  readonly dataDir: string;
  readonly host?: string;
  /** 0: any free port. */
  readonly port?: number;
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** The function's log; default: this program's stderr. */
  readonly log?: 'ignore';
}

export interface RunningFunction {
  readonly url: string;
  readonly process: ChildProcess;
}

/** The runtime does not outlive this process, unless a kill follows at once. */
export async function startFunction(options: StartOptions): Promise<RunningFunction> {
  const { folder, dataDir, host = '127.0.0.1', port = 0, env = {}, log = 'inherit' } = options;
  const address = toHostName(host);
  mkdirSync(dataDir, { recursive: true });
  const child = spawn(
    program,
    [
      'serve',
      config,
      `--import-path=${folder}`,
      `--directory-path=data=${dataDir}`,
      `--socket-addr=http=${address}:${port}`,
      '--control-fd=1',
    ],
    { env, stdio: ['ignore', 'pipe', log] },
  );
  const end = () => child.kill('SIGKILL');
  process.once('exit', end);
  child.once('exit', () => process.off('exit', end));
  const lines = createInterface({ input: child.stdout });
  const [line] = await Promise.race([
    once(lines, 'line'),
    once(child, 'exit').then(([code]) => {
      throw new StartupProblem([`workerd ended with ${code}, and says why above`]);
    }),
  ]);
  return { url: `http://${address}:${JSON.parse(String(line)).port}`, process: child };
}
