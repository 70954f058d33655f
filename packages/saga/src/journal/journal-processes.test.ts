import { rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { chdir, cwd } from 'node:process';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type JournalProcess, startJournalProcess } from '../fixtures/journal-process.ts';
import { createSqliteHouse, type SqliteHouse } from '../fixtures/sqlite-house.ts';
import { openJournal } from './sqlite-journal.ts';

describe('a journal among processes', () => {
  let house: SqliteHouse;
  let processes: JournalProcess[];
  const launch = (role: 'active' | 'standby' = 'active'): JournalProcess => {
    const started = startJournalProcess(house.path, role);
    processes.push(started);
    return started;
  };
  const hold = async (): Promise<JournalProcess> => {
    const holder = launch();
    expect(await holder.next()).toBe('ready');
    return holder;
  };
  beforeEach(() => {
    house = createSqliteHouse();
    processes = [];
  });
  afterEach(async () => {
    await Promise.all(processes.map((each) => each.kill()));
    house.remove();
  });

  test('refuses the second one', async () => {
    await hold();
    const second = launch();
    expect(await second.next()).toBe('held');
    expect(await second.ended).toBe(1);
    await expect(house.open()).rejects.toMatchObject({ code: 'held' });
  });

  test('is taken over when its holder is killed', async () => {
    const holder = await hold();
    expect(await holder.ask('append')).toBe(1);
    expect(await holder.ask('standby')).toBe(false);
    const standby = launch('standby');
    await expect.poll(() => holder.ask('standby')).toBe(true);
    await holder.kill();
    expect(await standby.next()).toBe('ready');
    expect(await standby.ask('count')).toBe(1);
    expect(await standby.ask('append')).toBe(2);
  });

  test.each(['journal.db', 'journal.db-wal', 'journal.lock'])(
    'ends with 70 once its %s was removed, and no standby begins another beside it',
    async (name) => {
      const holder = await hold();
      await holder.ask('append');
      const standby = launch('standby');
      await expect.poll(() => holder.ask('standby')).toBe(true);
      rmSync(join(dirname(house.path), name));
      if (name === 'journal.lock') expect(await standby.next()).toBe('removed');
      expect(await holder.ended).toBe(70);
    },
  );

  test('sees a second standby step up when the first one took over', async () => {
    const holder = await hold();
    const [second, third] = [launch('standby'), launch('standby')];
    await expect.poll(() => holder.ask('standby')).toBe(true);
    await holder.kill();
    const ready = { second: second.next(), third: third.next() };
    const isSecond = await Promise.race([
      ready.second.then(() => true),
      ready.third.then(() => false),
    ]);
    const [next, last] = isSecond ? [second, ready.third] : [third, ready.second];
    await expect.poll(() => next.ask('standby')).toBe(true);
    await next.kill();
    expect(await last).toBe('ready');
  });

  test('stays held while its holder writes, collects garbage, and others read', async () => {
    const holder = await hold();
    for (let round = 1; round <= 5; round++) {
      expect(await holder.ask('append')).toBe(round);
      expect(await holder.ask('collect')).toBe('collected');
      const reader = new DatabaseSync(house.path, { readOnly: true });
      expect(reader.prepare('SELECT count(*) AS runs FROM runs').get()).toEqual({ runs: round });
      reader.close();
      await expect(house.open()).rejects.toMatchObject({ code: 'held' });
    }
  });

  test('stays held when its own process asks for it again, under whatever name', async () => {
    const journal = await house.open();
    const before = cwd();
    chdir(house.folder);
    for (const path of ['data/journal.db', './data/../data/journal.db', house.path])
      await expect(openJournal({ path })).rejects.toMatchObject({ code: 'held' });
    chdir(before);
    expect(await launch().next()).toBe('held');
    journal.close();
    await hold();
  });

  test('stops a stale executor at its next append', async () => {
    const holder = await hold();
    expect(await holder.ask('append')).toBe(1);
    const usurper = new DatabaseSync(house.path);
    usurper.exec("UPDATE meta SET value = value + 1 WHERE name = 'epoch'");
    usurper.close();
    void holder.ask('append');
    expect(await holder.ended).toBe(70);
    const next = await hold();
    expect(await next.ask('count')).toBe(1);
  });

  test('lets a standby give up waiting, and another one wait in its place', async () => {
    const holder = await hold();
    const abort = new AbortController();
    const { path } = house;
    const waiting = openJournal({ path, standby: true, pollMs: 10, signal: abort.signal });
    await expect.poll(() => holder.ask('standby')).toBe(true);
    abort.abort();
    await expect(waiting).rejects.toThrow('aborted');
    expect(await holder.ask('standby')).toBe(false);
    launch('standby');
    await expect.poll(() => holder.ask('standby')).toBe(true);
  });
});
