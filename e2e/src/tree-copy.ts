/** A copy of the whole tree, to change and run. */
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, globSync, mkdirSync, readdirSync, symlinkSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '../..');

/** Caches that are not copied. */
const caches = ['.vite', '.cache'];

interface CopyOptions {
  /** Their own copy takes some seconds, but `npm install` can work on it. */
  readonly dependencies?: 'linked' | 'copied';
}

/** The tree as it is, uncommitted changes included; workspace packages are the copy's own. */
export function copyTree(folder: string, { dependencies = 'linked' }: CopyOptions = {}): void {
  const listed = execFileSync('git', ['ls-files', '-co', '--exclude-standard', '-z'], {
    cwd: root,
  });
  for (const file of listed.toString().split('\0').filter(Boolean)) {
    if (existsSync(join(root, file))) copyFile(file, folder);
  }
  if (dependencies === 'linked') linkModules(folder);
  else copyModules(folder);
}

/** Of workspaces that need another version of something than the root has. */
const listNested = (): string[] =>
  globSync(['*/node_modules', '{apps,packages}/*/node_modules'], { cwd: root });

function copyModules(folder: string): void {
  for (const nested of listNested())
    cpSync(join(root, nested), join(folder, nested), { recursive: true, verbatimSymlinks: true });
  const modules = join(root, 'node_modules');
  cpSync(modules, join(folder, 'node_modules'), {
    recursive: true,
    verbatimSymlinks: true,
    filter: (path) => !caches.some((name) => path === join(modules, name)),
  });
}

function copyFile(file: string, folder: string): void {
  mkdirSync(dirname(join(folder, file)), { recursive: true });
  cpSync(join(root, file), join(folder, file), { force: true });
}

function linkModules(folder: string): void {
  for (const nested of listNested()) symlinkSync(join(root, nested), join(folder, nested));
  const modules = join(folder, 'node_modules');
  mkdirSync(join(modules, '@baton'), { recursive: true });
  const own = ['@baton', ...caches];
  for (const name of readdirSync(join(root, 'node_modules'))) {
    if (!own.includes(name)) symlinkSync(join(root, 'node_modules', name), join(modules, name));
  }
  cpSync(join(root, 'node_modules/@baton'), join(modules, '@baton'), {
    recursive: true,
    verbatimSymlinks: true,
  });
}
