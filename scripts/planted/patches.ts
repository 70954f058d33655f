/** Bugs as patches of the sources. Each patch is applied to a copy of the tree, never to the tree itself. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { copyTree } from '../../e2e/src/tree-copy.ts';
import type { Bug, Verdict } from './bug.ts';
import { judgeByTests, root } from './test-run.ts';

const folder = join(root, 'e2e/planted');

/** A patch's head names its bug and the test files that must catch it. */
export const readPatches = (): Bug[] =>
  readdirSync(folder)
    .filter((file) => file.endsWith('.patch'))
    .sort()
    .map(readPatch);

function readPatch(file: string): Bug {
  const patch = join(folder, file);
  const head = readFileSync(patch, 'utf8').split(/^diff /m)[0] ?? '';
  const read = (name: string): string => new RegExp(`^${name}: (.+)$`, 'm').exec(head)?.[1] ?? '';
  const what = read('Bug');
  const files = read('Caught by').split(/\s+/).filter(Boolean);
  if (!what || files.length === 0)
    throw new Error(
      `${file}: its head must have a line "Bug: …" and a line "Caught by: <test files>"`,
    );
  const name = file.replace(/\.patch$/, '');
  return { name, what, judge: () => judgePatch(patch, files, read('Named')) };
}

async function judgePatch(
  patch: string,
  files: readonly string[],
  named: string,
): Promise<Verdict> {
  const cwd = takeCopy();
  try {
    execFileSync('git', ['apply', patch], { cwd, stdio: 'pipe' });
  } catch {
    copies.push(cwd);
    return { type: 'broken', why: 'the patch no longer applies; make it anew' };
  }
  const verdict = await judgeByTests({ files, named, cwd });
  execFileSync('git', ['apply', '-R', patch], { cwd });
  copies.push(cwd);
  return verdict;
}

/** Copies of the tree that no patch is judged in. */
const copies: string[] = [];

function takeCopy(): string {
  const idle = copies.pop();
  if (idle) return idle;
  const copy = mkdtempSync(join(tmpdir(), 'baton-planted-'));
  copyTree(copy);
  return copy;
}

export function removeCopies(): void {
  for (const copy of copies.splice(0)) rmSync(copy, { recursive: true, force: true });
}
