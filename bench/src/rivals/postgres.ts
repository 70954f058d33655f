/** A PostgreSQL with its defaults on a port of its own. It will not run as root, so root starts it as nobody. */
import { execFileSync, type SpawnOptions, spawn } from 'node:child_process';
import { chmodSync, chownSync, existsSync, globSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { pickFreePorts } from '@baton/saga-restate/nodes';

const nobody = 65_534;
const readyLongestMs = 20_000;

/** Debian keeps its programs outside the PATH. Throws where there is none. */
function findBinaries(): string {
  const path = (process.env.PATH ?? '').split(':');
  const folders = [...globSync('/usr/lib/postgresql/*/bin').sort().reverse(), ...path];
  const folder = folders.find((candidate) => existsSync(join(candidate, 'initdb')));
  if (folder === undefined) throw new Error('there is no PostgreSQL: apt-get install postgresql');
  return folder;
}

export interface Postgres {
  readonly url: string;
  readonly version: string;
}

/** The server ends with this process. */
export async function startPostgres(parent: string): Promise<Postgres> {
  const binaries = findBinaries();
  const folder = join(parent, 'postgres');
  mkdirSync(folder);
  const isRoot = process.getuid?.() === 0;
  if (isRoot) {
    // The server's folder is inside ours.
    for (const above of [parent, dirname(parent)]) chmodSync(above, 0o711);
    chownSync(folder, nobody, nobody);
  }
  const as: SpawnOptions = { stdio: 'ignore', ...(isRoot && { uid: nobody, gid: nobody }) };
  const data = join(folder, 'data');
  execFileSync(join(binaries, 'initdb'), ['-D', data, '-U', 'bench', '-A', 'trust'], as);
  const [port] = await pickFreePorts(1);
  const where = ['-h', '127.0.0.1', '-p', String(port), '-k', folder];
  const server = spawn(join(binaries, 'postgres'), ['-D', data, ...where], as);
  process.once('exit', () => server.kill('SIGQUIT'));
  const socket = join(folder, `.s.PGSQL.${port}`);
  for (const began = performance.now(); !existsSync(socket); await delay(50))
    if (performance.now() - began > readyLongestMs) throw new Error('PostgreSQL did not start');
  const said = String(execFileSync(join(binaries, 'postgres'), ['--version']));
  const version = /\d+\.\d+/.exec(said)?.[0] ?? '';
  return { url: `postgresql://bench@127.0.0.1:${port}/postgres`, version };
}
