import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createVirtualClock } from '@baton/saga/testing';
import { expect, it, onTestFinished } from 'vitest';
import { createTraceCursor } from './trace-cursor.ts';

function open(name = 'traced-to') {
  const folder = mkdtempSync(join(tmpdir(), 'baton-cursor-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, name);
  const clock = createVirtualClock();
  const warnings: unknown[] = [];
  const log = { warn: (said: unknown) => void warnings.push(said) };
  const pass = (ms: number) => {
    const until = clock.now() + ms;
    clock.setTimer(ms, () => {});
    return clock.run(() => clock.now() >= until);
  };
  const read = () => createTraceCursor(path, clock, log).read();
  return { path, read, pass, warnings, cursor: createTraceCursor(path, clock, log) };
}

it('remembers the last place, and writes it once a second at most', async () => {
  const { path, cursor, read, pass } = open();
  cursor.write('1');
  cursor.write('2');
  await pass(900);
  expect(existsSync(path)).toBe(false);
  await pass(200);
  expect(read()).toBe('2');
  cursor.write('3');
  await pass(900);
  expect(read()).toBe('2');
  await pass(200);
  expect(read()).toBe('3');
});

it('writes what is left when it closes', () => {
  const { path, cursor, read } = open();
  cursor.write('4');
  cursor.close();
  expect(read()).toBe('4');
  expect(readFileSync(path, 'utf8')).toBe('4');
  expect(existsSync(`${path}.new`)).toBe(false);
});

it('writes nothing more once it is closed', async () => {
  const { cursor, read, pass } = open();
  cursor.write('4');
  cursor.close();
  cursor.write('5');
  await pass(10_000);
  expect(read()).toBe('4');
});

it('knows of no place where its file is empty', () => {
  const { path, read } = open();
  writeFileSync(path, '');
  expect(read()).toBeUndefined();
});

it('knows of no place where its file cannot be read', () => {
  const { path, read } = open();
  mkdirSync(path);
  expect(read()).toBeUndefined();
});

it('says once that it cannot write, and writes when it can again', async () => {
  const { path, cursor, read, pass, warnings } = open('not-yet/traced-to');
  for (const place of ['1', '2', '3']) {
    cursor.write(place);
    await pass(1_100);
  }
  expect(warnings).toEqual([{ err: expect.any(Error) }]);
  mkdirSync(join(path, '..'));
  cursor.write('4');
  await pass(1_100);
  expect(read()).toBe('4');
  rmSync(join(path, '..'), { recursive: true });
  cursor.write('5');
  cursor.close();
  expect(warnings).toHaveLength(2);
});

it('remembers nothing without a path', () => {
  const clock = createVirtualClock();
  const cursor = createTraceCursor(undefined, clock, { warn: () => {} });
  cursor.write('5');
  cursor.close();
  expect(cursor.read()).toBeUndefined();
});
