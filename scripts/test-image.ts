/**
 * `npm run test:image`: builds the Dockerfile's image, and runs this project's services of compose.yaml from it.
 *
 * Invariants:
 * 1. Nothing that a step mounts or starts outlives it: each has a mount namespace of its own, the tests also one of processes.
 * 2. The tests have a loopback to themselves, so the apps keep the ports and names that compose.yaml gives them.
 * 3. What the machine's npm needs to reach its registry is mounted while the image is built, and is not in it.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const needs = `These tests need Linux, root that may make namespaces, and buildah, debootstrap and ip on the PATH: on Debian,
apt-get install buildah debootstrap iproute2.`;

const root = join(import.meta.dirname, '..');
const cache = join(root, 'node_modules/.cache/image');
const scratch = join(cache, 'scratch');
const namespaces = ['--mount', '--pid', '--net', '--fork', '--kill-child', '--mount-proc'];

const succeeds = (program: string, ...args: readonly string[]): boolean =>
  spawnSync(program, args, { stdio: 'ignore' }).status === 0;

function findMissing(): string[] {
  const programs = { buildah: '--version', debootstrap: '--version', ip: '-Version' };
  const missing = Object.entries(programs).filter(([program, flag]) => !succeeds(program, flag));
  const mayIsolate = process.getuid?.() === 0 && succeeds('unshare', ...namespaces, 'true');
  return [...missing.map(([program]) => program), ...(mayIsolate ? [] : ['root with namespaces'])];
}

function readFirst(path: string, pattern: RegExp): string {
  const found = pattern.exec(readFileSync(join(root, path), 'utf8'))?.[1];
  if (!found) throw new Error(`${path} has no ${pattern}`);
  return found;
}

/** Storage of our own, apart from what buildah has on this machine. */
function useStorage(): void {
  rmSync(scratch, { recursive: true, force: true });
  mkdirSync(join(scratch, 'base'), { recursive: true });
  const file = join(scratch, 'storage.conf');
  const [graphroot, runroot] = [join(cache, 'storage'), join(scratch, 'run')];
  const settings = Object.entries({ driver: 'overlay', graphroot, runroot });
  const lines = settings.map(([name, value]) => `${name} = "${value}"\n`);
  writeFileSync(file, `[storage]\n${lines.join('')}`);
  process.env.CONTAINERS_STORAGE_CONF = file;
}

/** A step that prints little when it succeeds, and all when it fails. */
function run(what: string, ...command: readonly string[]): void {
  const startMs = performance.now();
  console.log(`${what} …`);
  const args = ['--mount', ...command];
  const { status, stdout, stderr } = spawnSync('unshare', args, { encoding: 'utf8', cwd: root });
  if (status !== 0) throw new Error(`${what} failed:\n${stdout}${stderr}`);
  console.log(`  done in ${Math.round((performance.now() - startMs) / 1_000)} s`);
}

/** As options of a build: the machine's settings for npm, and the certificates that they name. */
function toNpmMounts(): string[] {
  const list = execFileSync('npm', ['config', 'list', '--long', '--json'], { encoding: 'utf8' });
  const { userconfig, globalconfig, cafile } = JSON.parse(list);
  const mounts = [
    [userconfig, '/root/.npmrc'],
    [globalconfig, '/usr/local/etc/npmrc'],
    [cafile, cafile],
  ];
  return mounts.flatMap(([from, to]) => (from && existsSync(from) ? [`-v=${from}:${to}:ro`] : []));
}

function build(): void {
  const base = readFirst('Dockerfile', /^FROM (\S+)/m);
  const image = readFirst('compose.yaml', /^ {2}image: (baton:\S+)$/m);
  if (!succeeds('unshare', '--mount', 'buildah', 'inspect', '--type', 'image', base)) {
    const { npm_execpath } = process.env;
    if (!npm_execpath) throw new Error('This is started by npm run test:image, and uses its npm.');
    const npm = dirname(dirname(npm_execpath));
    const script = join(root, 'e2e/image/base.sh');
    const what = `Making ${base} of this machine's Debian and Node, once: about a minute`;
    run(what, 'sh', script, base, join(scratch, 'base'), process.execPath, npm);
  }
  // Left behind by an interrupted run.
  run('Cleaning up', 'sh', '-c', 'buildah rm --all && buildah rmi --prune --force');
  // Docker's format, as the other one has no health checks.
  const options = ['--isolation=chroot', '--pull-never', '--network=host', '--format=docker'];
  run(`Building ${image}`, 'buildah', 'bud', ...options, ...toNpmMounts(), `--tag=${image}`, '.');
}

const missing = findMissing();
if (missing.length > 0) {
  console.error(`${needs}\nNot run, for want of: ${missing.join(', ')}.`);
  process.exit(process.env.CI ? 1 : 0);
}
useStorage();
build();
const vitest = ['vitest', 'run', '--config', 'vitest.image.config.ts', ...process.argv.slice(2)];
const inside = ['sh', '-c', 'ip link set lo up && exec "$@"', 'sh', ...vitest];
const { status } = spawnSync('unshare', [...namespaces, ...inside], { stdio: 'inherit' });
process.exitCode = status ?? 1;
