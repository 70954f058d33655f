import { readFileSync, statSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { openFile } from './durable-file.ts';
import { createFileHouse, diary, type FileHouse } from './fixtures/file-house.ts';
import { LogWiper } from './log-wiper.ts';

const second = 1_000;
/** Bound before the timers are faked. */
const realNow = performance.now.bind(performance);

let house: FileHouse;
let database: DatabaseSync;
let failures: unknown[];
let wiper: LogWiper;
beforeEach(() => {
  vi.useFakeTimers();
  house = createFileHouse();
  database = openFile({ ...diary, path: house.path });
  failures = [];
  wiper = new LogWiper(database, (error) => failures.push(error));
  write('tok_secret');
  database.exec("DELETE FROM days; INSERT INTO days VALUES ('b', 'still needed')");
});
afterEach(() => {
  wiper.stop();
  if (database.isOpen) database.close();
  house.remove();
  vi.useRealTimers();
});

function write(text: string): void {
  database.prepare('INSERT OR REPLACE INTO days VALUES (?, ?)').run('a', text);
}
const logBytes = (): string => readFileSync(`${house.path}-wal`, 'latin1');
const fileBytes = (): string => readFileSync(house.path, 'latin1');

test('leaves nothing of what was erased in the log or in the file after a second of quiet', () => {
  expect(logBytes()).toContain('tok_secret');
  wiper.wipeSoon();
  vi.advanceTimersByTime(second - 1);
  expect(logBytes()).toContain('tok_secret');
  vi.advanceTimersByTime(1);
  expect(statSync(`${house.path}-wal`).size).toBe(0);
  expect(fileBytes()).not.toContain('tok_secret');
  expect(fileBytes()).toContain('still needed');
  expect(vi.getTimerCount()).toBe(0);
});

test('waits while others write, and a minute at most', () => {
  wiper.wipeSoon();
  for (let n = 1; n < 60; n++) {
    write(`later ${n}`);
    wiper.wipeSoon();
    vi.advanceTimersByTime(second);
    expect(logBytes()).toContain('tok_secret');
  }
  write('later 60');
  vi.advanceTimersByTime(second);
  expect(logBytes()).toHaveLength(0);
});

test('waits for no reader, and tries again once it has gone', () => {
  const reader = new DatabaseSync(house.path, { readOnly: true });
  reader.exec('BEGIN');
  reader.prepare('SELECT * FROM days').all();
  write('written since');
  // So long the connection itself waits for others.
  database.exec(`PRAGMA busy_timeout = ${120 * second}`);
  wiper.wipeSoon();
  const startedMs = realNow();
  vi.advanceTimersByTime(second);
  expect(realNow() - startedMs).toBeLessThan(60 * second);
  expect(logBytes()).toContain('tok_secret');
  expect(database.prepare('PRAGMA busy_timeout').get()).toEqual({ timeout: 120 * second });
  reader.close();
  vi.advanceTimersByTime(second);
  expect(logBytes()).toHaveLength(0);
  expect(failures).toEqual([]);
});

test('says so when the log cannot be emptied, once', () => {
  wiper.wipeSoon();
  database.close();
  vi.advanceTimersByTime(10 * second);
  expect(failures).toHaveLength(1);
});

test('does nothing once stopped', () => {
  wiper.wipeSoon();
  wiper.stop();
  vi.advanceTimersByTime(100 * second);
  expect(logBytes()).toContain('tok_secret');
});
