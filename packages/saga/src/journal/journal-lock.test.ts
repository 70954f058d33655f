import { existsSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createSqliteHouse, type SqliteHouse } from '../fixtures/sqlite-house.ts';
import type { Journal } from './journal.ts';
import { openJournal } from './sqlite-journal.ts';

let house: SqliteHouse;
let journal: Journal;
beforeEach(async () => {
  house = createSqliteHouse();
  journal = await house.open();
});
afterEach(() => {
  journal.close();
  house.remove();
});

test('a standby tells of each look that finds the lock held', async () => {
  let looks = 0;
  const onHeld = () => {
    looks += 1;
    if (looks === 3) journal.close();
  };
  journal = await openJournal({ path: house.path, standby: true, pollMs: 1, onHeld });
  expect(looks).toBe(3);
});

test('a standby whose own lock was removed takes it again, so that it is seen', async () => {
  const wanted = join(dirname(house.path), 'standby.lock');
  const seen: boolean[] = [];
  const onHeld = () => {
    seen.push(existsSync(wanted));
    if (seen.length === 2) rmSync(wanted);
    if (seen.length === 4) journal.close();
  };
  journal = await openJournal({ path: house.path, standby: true, pollMs: 1, onHeld });
  expect(seen).toEqual([false, true, true, true]);
});
