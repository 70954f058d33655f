/** `npm run build -w @baton/console`: makes the page's files where none are newer than their sources. */
import { globSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';

const root = import.meta.dirname;
const built = join(root, 'dist');

const toModified = (path: string): number =>
  statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;

function isFresh(): boolean {
  const sources = globSync(['src/**', '*.{ts,html,json}'], { cwd: root });
  const newest = Math.max(...sources.map((path) => toModified(join(root, path))));
  return toModified(join(built, 'index.html')) > newest;
}

async function buildConsole(): Promise<void> {
  if (isFresh()) return;
  const { build } = await import('vite');
  // Programs may serve the page, or make it, meanwhile.
  const outDir = join(root, `dist-${process.pid}`);
  await build({
    root,
    configFile: false,
    logLevel: 'warn',
    base: '/',
    build: {
      outDir,
      emptyOutDir: true,
      assetsDir: 'console',
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      target: 'es2022',
    },
  });
  rmSync(built, { recursive: true, force: true });
  renameSync(outDir, built);
}

await buildConsole();
