/**
 * Containers of the image that `npm run test:image` built, made of the kernel's own parts, as no engine runs here. They
 * follow the image and compose.yaml, but share one network: a loopback that the check has to itself.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { join } from 'node:path';
import { vi } from 'vitest';
import { z } from 'zod';
import type { ComposeService } from '../src/compose.ts';

const Config = z.object({
  User: z.string(),
  Env: z.array(z.string()),
  Cmd: z.array(z.string()),
  WorkingDir: z.string(),
  Healthcheck: z.object({ Test: z.tuple([z.literal('CMD')], z.string()) }),
});
const Inspected = z.object({ Docker: z.object({ config: Config }) });

export interface Image extends z.infer<typeof Config> {
  /** Its file system, mounted. */
  readonly root: string;
  close(): void;
}

/** buildah finds its storage by a variable that scripts/test-image.ts sets. */
const buildah = (...args: readonly string[]): string =>
  execFileSync('buildah', args, { encoding: 'utf8' }).trim();

export function openImage(name: string): Image {
  const { Docker } = Inspected.parse(JSON.parse(buildah('inspect', '--type', 'image', name)));
  const id = buildah('from', '--pull-never', name);
  return { ...Docker.config, root: buildah('mount', id), close: () => buildah('rm', id) };
}

export interface Container {
  readonly pid: number;
  /** Runs a program inside, with the same rights, as `docker exec` does. */
  run(program: readonly string[], env?: Readonly<Record<string, string>>): Promise<Outcome>;
  /** Resolves when the app answers on its port. */
  answers(): Promise<void>;
  /** Resolves with the exit code, or the signal. */
  end(signal: NodeJS.Signals): Promise<Outcome['code']>;
}
interface Outcome {
  readonly code: number | NodeJS.Signals | null;
  readonly output: string;
}

/** The service's container, with its data in `volume`; the file `hosts` has the others' addresses. */
export function startContainer(
  image: Image,
  service: ComposeService,
  { volume, hosts }: { readonly volume: string; readonly hosts: string },
): Container {
  const enter = toProgram(image, service);
  const script = [join(import.meta.dirname, 'container.sh'), image.root, volume, hosts, '--'];
  const child = spawn('unshare', ['--mount', 'sh', ...script, ...enter(image.Cmd)], {
    env: { ...process.env, READ_ONLY: String(service.read_only), TMPFS: service.tmpfs.join(' ') },
  });
  const outcome = follow(child);
  // The output may last longer, where a child process holds it open.
  const ended = new Promise<Outcome['code']>((resolve) =>
    child.once('exit', (code, signal) => resolve(code ?? signal)),
  );
  const pid = child.pid ?? 0;
  const inside = [`--target=${pid}`, '--mount', '--root', '--wd'];
  const url = `http://127.0.0.1:${service.environment.PORT}/health/live`;
  return {
    pid,
    run: (program, env) => follow(spawn('nsenter', [...inside, ...enter(program, env)])),
    async answers() {
      const asked = vi.waitFor(async () => (await fetch(url)).body?.cancel(), 20_000);
      const early = outcome.then(({ output }) => {
        throw new Error(`${service.environment.APP} ended: ${output}`);
      });
      await Promise.race([asked, early]);
    },
    end: (signal) => {
      child.kill(signal);
      return ended;
    },
  };
}

/** The command line for the image's user and environment, with the rights that compose.yaml leaves. */
function toProgram({ User, Env, WorkingDir }: Image, service: ComposeService) {
  const rights = [
    ...(service.cap_drop.includes('ALL') ? ['--bounding-set=-all', '--inh-caps=-all'] : []),
    ...(service.security_opt.includes('no-new-privileges:true') ? ['--no-new-privs'] : []),
  ];
  const user = [`--reuid=${User}`, `--regid=${User}`, '--init-groups'];
  return (program: readonly string[], more: Readonly<Record<string, string>> = {}): string[] => {
    const own = { ...service.environment, ...more };
    const env = [...Env, ...Object.entries(own).map(([name, value]) => `${name}=${value}`)];
    return ['setpriv', ...user, ...rights, 'env', '-i', '-C', WorkingDir, ...env, ...program];
  };
}

const follow = (child: ChildProcess): Promise<Outcome> =>
  new Promise((resolve, reject) => {
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', (chunk) => {
        output += String(chunk);
      });
    child.once('error', reject);
    child.once('close', (code, signal) => resolve({ code: code ?? signal, output }));
  });
