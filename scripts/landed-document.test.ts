import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, it, onTestFinished } from 'vitest';
import { readLanded } from './landed-document.ts';

let folder: string;

const git = (...args: readonly string[]) => execFileSync('git', args, { cwd: folder });

function commit(text: string, path = 'a.json') {
  writeFileSync(join(folder, path), text);
  git('add', '.');
  git('-c', 'user.name=a', '-c', 'user.email=a@b', 'commit', '--quiet', '--message', text);
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'baton-landed-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  git('init', '--quiet', '--initial-branch', 'main');
  commit('first');
  commit('second');
});

it('is what the main branch holds when the change is not committed', () => {
  expect(readLanded(folder, 'a.json', 'changed')).toBe('second');
});

it('is what stood where the branch began, however many commits it has', () => {
  git('checkout', '--quiet', '-b', 'work');
  commit('third');
  commit('fourth');
  expect(readLanded(folder, 'a.json', 'fourth')).toBe('second');
});

it('is what origin has when commits wait on the main branch to be pushed', () => {
  git('update-ref', 'refs/remotes/origin/main', 'HEAD^');
  expect(readLanded(folder, 'a.json', 'second')).toBe('first');
});

it('is what stood before the last commit when that is all there is to judge', () => {
  expect(readLanded(folder, 'a.json', 'second')).toBe('first');
});

it('is what stood before its last change when commits of other things came after that', () => {
  commit('other', 'c.json');
  expect(readLanded(folder, 'a.json', 'second')).toBe('first');
});

it('is not known of a new document, of a shallow clone, and outside of git', () => {
  expect(readLanded(folder, 'b.json', 'new')).toBeUndefined();
  const shallow = join(folder, 'shallow');
  git('clone', '--quiet', '--depth', '1', `file://${folder}`, shallow);
  expect(readLanded(shallow, 'a.json', 'second')).toBeUndefined();
  expect(readLanded(tmpdir(), 'a.json', 'second')).toBeUndefined();
});
