import fs, { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import type { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { openFile } from './durable-file.ts';
import { createFileHouse, diary, type FileHouse } from './fixtures/file-house.ts';
import { releaseLock, tryLock } from './lock.ts';
import { watchPlaces } from './place-watch.ts';

let house: FileHouse;
let database: DatabaseSync;
let stop: () => void;
const onRemoved = vi.fn();
const lock = () => `${house.path}.lock`;

beforeEach(() => {
  house = createFileHouse();
  database = openFile({ ...diary, path: house.path });
  tryLock(lock());
  onRemoved.mockClear();
  vi.useFakeTimers();
  stop = watchPlaces({ noun: 'diary', path: house.path }, onRemoved);
});
afterEach(() => {
  stop();
  releaseLock(lock());
  vi.useRealTimers();
  database.close();
  house.remove();
});

const write = () => database.exec("INSERT INTO days VALUES (hex(randomblob(8)), 'rain')");

const removals: readonly (readonly [string, () => void, RegExp])[] = [
  ['the file was removed', () => rmSync(house.path), /^The diary .*diary\.db was removed/],
  ['its index was', () => rmSync(`${house.path}-shm`), /^The diary's index of that log .*-shm was/],
  ['its log was', () => rmSync(`${house.path}-wal`), /^The diary's write-ahead log .*-wal was/],
  [
    'the folder was',
    () => rmSync(`${house.folder}/data`, { recursive: true }),
    /^The diary .* was/,
  ],
  [
    'another file has its name',
    () => {
      renameSync(house.path, `${house.path}.old`);
      writeFileSync(house.path, '');
    },
    /was removed or replaced/,
  ],
  [
    'another folder has its name',
    () => {
      renameSync(`${house.folder}/data`, `${house.folder}/old`);
      mkdirSync(`${house.folder}/data`);
    },
    /was removed or replaced/,
  ],
  ['the lock that is held was', () => rmSync(lock()), /^The lock .*\.lock was/],
];
test.each(removals)('says so once, within a quarter of a second, when %s', (what, remove, said) => {
  write();
  vi.advanceTimersByTime(10_000);
  expect(onRemoved).not.toHaveBeenCalled();
  remove();
  // As it is without anybody who looks.
  if (what !== 'the folder was') write();
  vi.advanceTimersByTime(250);
  expect(onRemoved).toHaveBeenCalledOnce();
  expect(onRemoved.mock.lastCall?.[0]).toMatchObject({
    code: 'removed',
    message: expect.stringMatching(said),
  });
  vi.advanceTimersByTime(10_000);
  expect(onRemoved).toHaveBeenCalledOnce();
});

test('says nothing of a log that is emptied, nor after its end', () => {
  write();
  database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  vi.advanceTimersByTime(10_000);
  stop();
  rmSync(house.path);
  vi.advanceTimersByTime(10_000);
  expect(onRemoved).not.toHaveBeenCalled();
});

const early: readonly (readonly [string, () => void])[] = [
  ['removed', () => rmSync(house.path)],
  [
    'replaced',
    () => {
      renameSync(house.path, `${house.path}.old`);
      writeFileSync(house.path, '');
    },
  ],
  ['left without its log', () => rmSync(`${house.path}-wal`)],
];
test.each(early)('notices a file that was %s before it was watched', (_, change) => {
  stop();
  change();
  stop = watchPlaces({ noun: 'diary', path: house.path }, onRemoved);
  vi.advanceTimersByTime(250);
  expect(onRemoved.mock.lastCall?.[0]).toMatchObject({ code: 'removed' });
});

test('takes the word of a network disk for a removal, and no other error', () => {
  const stat = vi.spyOn(fs, 'statSync');
  syncBuiltinESMExports();
  const fail = (code: string) => () => {
    throw Object.assign(new Error(code), { code });
  };
  stat.mockImplementation(fail('EIO'));
  vi.advanceTimersByTime(1_000);
  expect(onRemoved).not.toHaveBeenCalled();
  stat.mockImplementation(fail('ESTALE'));
  vi.advanceTimersByTime(250);
  expect(onRemoved).toHaveBeenCalledOnce();
  stat.mockRestore();
  syncBuiltinESMExports();
});
