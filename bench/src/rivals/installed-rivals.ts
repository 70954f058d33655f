/** The rivals' packages: installed on first use from a lockfile of their own, outside the workspace. */
import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const source = fileURLToPath(new URL('../../rivals/', import.meta.url));
export const cacheFolder = fileURLToPath(
  new URL('../../../node_modules/.cache/rivals/', import.meta.url),
);
const files = ['package.json', 'package-lock.json', 'temporal-workflow.js'];

const isSame = (name: string): boolean =>
  existsSync(join(cacheFolder, name)) &&
  readFileSync(join(cacheFolder, name), 'utf8') === readFileSync(join(source, name), 'utf8');

/** Does nothing where the packages are installed already. */
export function installRivals(): void {
  if (files.every(isSame)) return;
  console.error('  installs the rivals');
  mkdirSync(cacheFolder, { recursive: true });
  const lock = 'package-lock.json';
  for (const name of files)
    if (name !== lock) copyFileSync(join(source, name), join(cacheFolder, name));
  copyFileSync(join(source, lock), join(cacheFolder, lock));
  try {
    execFileSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], {
      cwd: cacheFolder,
      stdio: 'ignore',
    });
  } catch (error) {
    // Without the folder, the next start tries again.
    rmSync(join(cacheFolder, lock));
    throw error;
  }
}

const find = createRequire(join(cacheFolder, 'package.json')).resolve;

/** The named boundary: rivals are not installed where this is compiled, so their importer says what it uses. */
export async function importRival<T>(name: string): Promise<T> {
  return (await import(pathToFileURL(find(name)).href)) as T;
}

export function readRivalVersion(name: string): string {
  const path = join(cacheFolder, 'node_modules', name, 'package.json');
  return JSON.parse(readFileSync(path, 'utf8')).version;
}
