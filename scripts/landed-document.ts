/** A document of this repository as it last landed on the main branch, by git. */
import { spawnSync } from 'node:child_process';

/** Undefined where the history is too short: outside of git, in a shallow clone, or when the document is new. */
export function readLanded(folder: string, path: string, now: string): string | undefined {
  const git = (...args: readonly string[]): string | undefined => {
    const { status, stdout } = spawnSync('git', args, { cwd: folder, encoding: 'utf8' });
    return status === 0 ? stdout : undefined;
  };
  const base =
    ['origin/main', 'main'].map((main) => git('merge-base', main, 'HEAD')?.trim()).find(Boolean) ??
    'HEAD';
  const landed = git('show', `${base}:${path}`);
  if (landed !== now) return landed;
  // On the main branch, CI runs when a change has landed already: judge the document's last change.
  const change = git('log', '-1', '--format=%H', base, '--', path)?.trim();
  return git('show', `${change}^:${path}`);
}
