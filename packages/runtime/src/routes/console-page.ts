/** `/`: the console's build in `apps/console/dist`. Where there is none, the contracts' page. */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import express, { type Router } from 'express';

const manifest = createRequire(import.meta.url).resolve('@baton/console/package.json');
const builtFolder = join(dirname(manifest), 'dist');

/** Nothing from elsewhere, nothing inline, and no text that becomes markup. */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ');

export function mountConsole(router: Router, folder = builtFolder): void {
  router.get('/', (_request, response) => {
    if (!existsSync(join(folder, 'index.html'))) return response.redirect('/docs');
    // A new build has new names in it.
    response.set({ 'content-security-policy': policy, 'cache-control': 'no-cache' });
    return response.sendFile('index.html', { root: folder });
  });
  const assets = { index: false, redirect: false, immutable: true, maxAge: '1y' } as const;
  router.use('/console', express.static(join(folder, 'console'), assets));
}
