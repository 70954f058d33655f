/**
 * Packs the engine as JavaScript and types, for programs outside this repository: Node strips no types inside
 * node_modules, so the sources themselves cannot be used there. `node scripts/pack.ts [folder]`.
 *
 * @baton/sqlite goes into the same tarball, compiled beside the engine, so that the package depends on nothing.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, globSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { nodeOldest } from '../src/node-version.ts';

const source = resolve(import.meta.dirname, '..');
const stage = join(source, 'dist', 'package');
const lib = join(stage, 'lib');
const target = resolve(process.argv[2] ?? join(source, 'dist'));

const { name, version, license } = JSON.parse(readFileSync(join(source, 'package.json'), 'utf8'));
const toExport = (entry: string) => ({
  types: `./lib/saga/src/${entry}.d.ts`,
  default: `./lib/saga/src/${entry}.js`,
});
const manifest = {
  name,
  version,
  description: 'Sagas that end whole: completed, or undone. Embedded in Node, on one SQLite file.',
  license,
  type: 'module',
  engines: { node: `>=${nodeOldest}` },
  exports: {
    '.': toExport('index'),
    './http': toExport('http'),
    './testing': toExport('testing/index'),
  },
  files: ['lib'],
};

rmSync(stage, { recursive: true, force: true });
run('npm', 'exec', '--', 'tsc', '-p', join(source, 'tsconfig.build.json'), '--outDir', lib);
for (const file of globSync('**/*.{js,d.ts}', { cwd: lib })) bindToSqlite(join(lib, file));
writeFileSync(join(stage, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
cpSync(join(source, 'README.md'), join(stage, 'README.md'));
cpSync(resolve(source, '..', '..', 'LICENSE'), join(stage, 'LICENSE'));
run('npm', 'pack', stage, '--ignore-scripts', '--silent', '--pack-destination', target);
process.stdout.write(`${join(target, `baton-saga-${version}.tgz`)}\n`);

/** A program that installs the tarball finds no @baton/sqlite: paths lead to the copy inside. */
function bindToSqlite(file: string): void {
  const copy = relative(dirname(file), join(lib, 'sqlite', 'src'));
  const text = readFileSync(file, 'utf8');
  const toPath = (_import: string, _quote: string, entry = '/index') => `'${copy}${entry}.js'`;
  writeFileSync(file, text.replaceAll(/(['"])@baton\/sqlite(\/[a-z-]+)?\1/g, toPath));
}

function run(command: string, ...args: readonly string[]): void {
  execFileSync(command, args, { cwd: source, stdio: ['ignore', 'ignore', 'inherit'] });
}
