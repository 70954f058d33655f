import { expect, test } from 'vitest';
import { isBroken, isDiskFailing } from './failure.ts';
import { FileError, toFileError, toPassing } from './file-error.ts';

const place = { path: '/data/diary.db', noun: 'diary' };
const make = (shape: object) => Object.assign(new Error('planned'), shape);

test.each([
  [{ errcode: 13 }, true],
  [{ errcode: 10 | (3 << 8) }, true],
  [{ code: 'ENOSPC' }, true],
  [{ code: 'EDQUOT' }, true],
  [{ code: 'EIO' }, true],
  [{ code: 'EACCES' }, false],
  [{ code: 'ERR_SQLITE_ERROR', errcode: 11 }, false],
  [{}, false],
])('a disk that is full or fails is told from other errors: %o is one: %s', (shape, isOne) => {
  expect(isDiskFailing(make(shape))).toBe(isOne);
  const message = toPassing(place, make(shape))?.message;
  expect(message?.startsWith('The disk of /data is full or fails (planned)')).toBe(
    isOne ? true : undefined,
  );
});

test.each([
  [{ errcode: 5 }, 'busy', true],
  [{ errcode: 13 }, 'disk-failing', true],
  [{ errcode: 14 }, 'not-opened', true],
  [{ code: 'EMFILE' }, 'not-opened', true],
  [{ errcode: 11 | (1 << 8) }, 'corrupt', false],
  [{ errcode: 26 }, 'corrupt', false],
  [{ code: 'EACCES' }, 'unreadable', false],
])('%o is %s, and may pass by itself: %s', (shape, code, isPassing) => {
  expect(toFileError(place, make(shape))).toMatchObject({ name: 'FileError', code, isPassing });
  expect(toPassing(place, make(shape))?.code).toBe(isPassing ? code : undefined);
});

test('what was told already is told as it is', () => {
  const told = new FileError('held', 'told');
  expect(toFileError(place, told)).toBe(told);
});

test.each([
  [10, true],
  [11, true],
  [13, false],
  [14, true],
  [26, true],
  [5, false],
  [19, false],
])('after SQLite’s error %i nothing is written on the handle any more: %s', (errcode, isSo) => {
  expect(isBroken(make({ errcode }))).toBe(isSo);
});
