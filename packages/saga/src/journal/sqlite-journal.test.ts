import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync, StatementSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { accepted } from '../fixtures/history.ts';
import { createSqliteHouse, type SqliteHouse } from '../fixtures/sqlite-house.ts';
import { describeJournal } from '../testing/suites/journal-suite.ts';
import type { Append, Journal } from './journal.ts';
import { openJournal } from './sqlite-journal.ts';

describeJournal('on SQLite', createSqliteHouse);

let house: SqliteHouse;
let journal: Journal;
let live: DatabaseSync;
beforeEach(async () => {
  house = createSqliteHouse();
  const prepare = vi.spyOn(DatabaseSync.prototype, 'prepare');
  journal = await house.open();
  const last = prepare.mock.contexts.at(-1);
  if (!(last instanceof DatabaseSync)) throw new Error('no connection was seen');
  live = last;
});
afterEach(() => {
  vi.restoreAllMocks();
  journal.close();
  house.remove();
});

const accept = (run: string, secrets: Record<string, unknown> = {}): Append => ({
  run,
  events: [{ ...accepted, seq: 1, at: 1 }],
  summary: {
    saga: 'trip',
    version: 1,
    status: 'accepted',
    acceptedAt: 1,
    settledAt: null,
  },
  rest: { dueAt: 0, priority: 'new', waits: [], at: 1 },
  submission: { fingerprint: '', secrets },
});
function settle(run: string): Append {
  const { summary, rest } = accept(run);
  return {
    run,
    events: [{ type: 'completed', seq: 2, at: 2 }],
    summary: { ...summary, status: 'completed', settledAt: 2 },
    rest: { ...rest, dueAt: null },
  };
}

/** Calls what is given before each commit from now on. */
function watchCommits(see: () => void) {
  const { exec } = DatabaseSync.prototype;
  return vi.spyOn(DatabaseSync.prototype, 'exec').mockImplementation(function (
    this: DatabaseSync,
    sql,
  ) {
    if (sql === 'COMMIT') see();
    exec.call(this, sql);
  });
}

describe('group commit', () => {
  test('stores appends that arrive together in one transaction', async () => {
    const see = vi.fn();
    watchCommits(see);
    await Promise.all(Array.from({ length: 500 }, (_, i) => journal.append(accept(`run-${i}`))));
    expect(see).toHaveBeenCalledTimes(1);
    await journal.append(accept('one-more'));
    expect(see).toHaveBeenCalledTimes(2);
    expect(journal.list({ limit: 999 })).toHaveLength(501);
  });

  test('tells how many shared a commit, and how long it took, after the commit', async () => {
    const commits: { writes: number; ms: number; stored: number }[] = [];
    journal.close();
    journal = await openJournal({
      path: house.path,
      onCommit: (commit) => commits.push({ ...commit, stored: journal.list({ limit: 9 }).length }),
    });
    await Promise.all([journal.append(accept('a')), journal.append(accept('b'))]);
    await journal.addNotice({ at: 1 });
    expect(commits).toMatchObject([
      { writes: 2, stored: 2 },
      { writes: 1, stored: 2 },
    ]);
    for (const { ms } of commits) expect(ms).toBeGreaterThan(0);
  });

  test('stores what it stores once, and tells so, whatever becomes of what hears of it', async () => {
    const thrown: unknown[] = [];
    vi.spyOn(globalThis, 'queueMicrotask').mockImplementation((work) => {
      try {
        work();
      } catch (error) {
        thrown.push(error);
      }
    });
    const fail = (): never => {
      throw new Error('nobody hears it');
    };
    journal.close();
    journal = await openJournal({ path: house.path, onCommit: fail, onRoom: fail });
    const full = Object.assign(new Error('database or disk is full'), { errcode: 13 });
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const commits = watchCommits(() => {
      throw full;
    });
    const appended = journal.append(accept('a'));
    await new Promise((resolve) => setImmediate(resolve));
    commits.mockRestore();
    vi.advanceTimersByTime(1_000);
    vi.useRealTimers();
    expect([await appended, await journal.append(accept('b'))]).toEqual([1, 2]);
    expect(journal.readKept(0, 9)).toHaveLength(2);
    // For the disk that was full, and had room again; and for each commit.
    expect(thrown).toHaveLength(4);
  });

  test('stores a notice with the appends beside it', async () => {
    const see = vi.fn();
    watchCommits(see);
    await Promise.all([journal.append(accept('a')), journal.addNotice({ at: 1 })]);
    expect(see).toHaveBeenCalledOnce();
  });

  test('resolves nothing before the commit', async () => {
    const done: string[] = [];
    const seen: number[] = [];
    watchCommits(() => seen.push(done.length));
    await Promise.all([
      journal.append(accept('a')).then(() => done.push('a')),
      journal.append(accept('b')).then(() => done.push('b')),
      journal.addNotice({ at: 1 }).then(() => done.push('notice')),
    ]);
    expect(seen).toEqual([0]);
    expect(done).toEqual(['a', 'b', 'notice']);
  });

  test('stores what was appended just before it is closed', async () => {
    const appended = journal.append(accept('a'));
    journal.close();
    expect(await appended).toBe(1);
    journal = await house.open();
    expect(journal.listDue('new', 1, 9)).toEqual(['a']);
  });
});

describe('what events have alike', () => {
  const answered = (run: string, from: string): Append => ({
    ...accept(run),
    events: [
      { ...accepted, seq: 1, at: 1 },
      {
        type: 'step-succeeded',
        way: 'pay',
        attempt: 1,
        startedAt: 1,
        details: { from },
        output: { run, note: '"head":{},' },
        seq: 2,
        at: 2,
      },
    ],
  });
  const heads = (): unknown[] =>
    live
      .prepare('SELECT text FROM heads ORDER BY number')
      .all()
      .map(({ text }) => text);

  test('is stored once, also by the next executor, and reads back as it was', async () => {
    const runs = Array.from({ length: 9 }, (_, i) => answered(`run-${i}`, 'http://pay.test'));
    for (const run of runs.slice(0, 5)) await journal.append(run);
    journal.close();
    journal = await house.open();
    for (const run of runs.slice(5)) await journal.append(run);
    for (const { run, events } of runs) expect(journal.read(run)?.events).toEqual(events);
    expect(journal.readFeed(0, 99)?.map(({ event }) => event)).toEqual(
      runs.flatMap(({ events }) => events),
    );
    const bytes = readFileSync(`${house.path}-wal`).toString();
    expect(bytes).toContain('http://pay.test');
    journal.close();
    const file = readFileSync(house.path).toString();
    // With the first event, and then in its table and that table's index.
    expect(file.split('http://pay.test').length - 1).toBe(3);
    journal = await house.open();
  });

  test('is not looked for in what is unique', async () => {
    for (let i = 0; i < 9; i++) await journal.append(answered(`run-${i}`, `call ${i}`));
    expect(heads()).toEqual([expect.stringContaining('"accepted"')]);
  });
});

describe('secrets', () => {
  test('are gone from the bytes of the files once the run settled', async () => {
    await journal.append(accept('a', { token: 'tok_very_secret' }));
    await journal.append(accept('b', { token: 'tok_still_needed' }));
    const checkpoint = (): string => {
      const other = new DatabaseSync(house.path);
      other.exec('PRAGMA wal_checkpoint(TRUNCATE)');
      other.close();
      return `${readFileSync(house.path)}${readFileSync(`${house.path}-wal`)}`;
    };
    expect(checkpoint()).toContain('tok_very_secret');
    await journal.append(settle('a'));
    const bytes = checkpoint();
    expect(bytes).not.toContain('tok_very_secret');
    expect(bytes).toContain('tok_still_needed');
  });

  test('are gone from the log too after a second of quiet, also those that a killed process left', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    journal.close();
    journal = await house.open();
    // What is emptied at the start is not yet what is looked for.
    vi.advanceTimersByTime(2_000);
    await journal.append(accept('a', { token: 'tok_very_secret' }));
    await journal.append(settle('a'));
    const killed = createSqliteHouse();
    mkdirSync(dirname(killed.path));
    for (const end of ['', '-wal']) copyFileSync(`${house.path}${end}`, `${killed.path}${end}`);
    const recovered = await killed.open();
    const readLogs = (): string =>
      [house, killed].map(({ path }) => readFileSync(`${path}-wal`)).join('');
    expect(readLogs().match(/tok_very_secret/g)).toHaveLength(2);
    vi.advanceTimersByTime(2_000);
    expect(readLogs()).toHaveLength(0);
    expect(killed.failures).toEqual([]);
    recovered.close();
    killed.remove();
    vi.useRealTimers();
  });
});

describe('a full disk', () => {
  function big(run: string): Append {
    const event = { ...accepted, input: 'x'.repeat(99_999), seq: 1, at: 1 };
    return { ...accept(run), events: [event] };
  }
  const fill = (): void => live.exec('PRAGMA max_page_count = 1');
  const makeRoom = (): void => live.exec('PRAGMA max_page_count = 1000000');
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  let rooms: boolean[];
  beforeEach(async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    journal.close();
    rooms = [];
    const prepare = vi.spyOn(DatabaseSync.prototype, 'prepare');
    const onFatal = (error: unknown): number => house.failures.push(error);
    journal = await openJournal({ path: house.path, onFatal, onRoom: (has) => rooms.push(has) });
    live = prepare.mock.contexts.at(-1) as DatabaseSync;
  });
  afterEach(() => void vi.useRealTimers());

  test('is waited for: all is stored in its order once there is room, and nothing said before', async () => {
    await journal.append(accept('a'));
    fill();
    const told: string[] = [];
    const tell = (run: string) => journal.append(big(run)).then(() => told.push(run));
    const both = [tell('b'), tell('c')];
    await turn();
    both.push(tell('d'));
    await turn();
    vi.advanceTimersByTime(5_000);
    await turn();
    expect([told, journal.hasRoom(), rooms]).toEqual([[], false, [false]]);
    expect(journal.list({ limit: 9 })).toHaveLength(1);
    makeRoom();
    vi.advanceTimersByTime(1_000);
    await Promise.all(both);
    expect([told, journal.hasRoom(), rooms]).toEqual([['b', 'c', 'd'], true, [false, true]]);
    await journal.append(accept('e'));
    expect(journal.list({ limit: 9 }).map(({ id }) => id)).toEqual(['e', 'd', 'c', 'b', 'a']);
    // What the events have alike was stored with them, or not at all.
    const types = journal.readKept(0, 9).map(({ event }) => event.type);
    expect(types).toEqual(Array.from({ length: 5 }, () => 'accepted'));
    expect(house.failures).toEqual([]);
  });

  test('keeps what was to be pruned, and is seen where nothing else is written', async () => {
    await journal.append(accept('a'));
    await journal.append(settle('a'));
    fill();
    journal.prune(['a'], 'x'.repeat(99_999));
    expect([journal.hasRoom(), journal.read('a')?.events.length]).toEqual([false, 2]);
    makeRoom();
    vi.advanceTimersByTime(1_000);
    expect(journal.hasRoom()).toBe(true);
    journal.prune(['a'], null);
    expect(journal.read('a')).toBeUndefined();
    expect(house.failures).toEqual([]);
  });

  test('is waited for by a start, and a run that cannot be set aside stays as it is', async () => {
    await Promise.all([journal.append(accept('a')), journal.append(accept('b'))]);
    const told = vi.fn();
    const full = Object.assign(new Error('database or disk is full'), { errcode: 13 });
    const commits = watchCommits(() => {
      throw full;
    });
    expect(journal.setAside('a')).toBeUndefined();
    const reviewed = journal.review([], 99).then(told);
    await turn();
    vi.advanceTimersByTime(5_000);
    await turn();
    expect([told.mock.calls.length, journal.hasRoom(), house.failures]).toEqual([0, false, []]);
    expect(journal.countRuns()).toEqual({ open: 2, aside: 0 });
    commits.mockRestore();
    vi.advanceTimersByTime(1_000);
    await reviewed;
    expect(journal.countRuns()).toEqual({ open: 0, aside: 2 });
  });

  test('keeps nobody from closing the journal, which then tells of nothing', async () => {
    fill();
    const told = vi.fn();
    void journal.append(big('a')).then(told);
    await turn();
    journal.close();
    void journal.append(accept('b')).then(told);
    await turn();
    vi.advanceTimersByTime(5_000);
    await turn();
    expect(told).not.toHaveBeenCalled();
    expect(house.failures).toEqual([]);
  });
});

test('a large journal whose damage nobody read when it was opened fails as soon as that is found', async () => {
  const input = 'x'.repeat(99_999);
  const event = { ...accepted, input, seq: 1, at: 1 };
  for (let i = 0; i < 99; i++) await journal.append({ ...accept(`run-${i}`), events: [event] });
  const [leaf] = live
    .prepare("SELECT pageno FROM dbstat WHERE name = 'entries' AND pagetype = 'leaf'")
    .all();
  journal.close();
  const bytes = readFileSync(house.path);
  const page = Number(leaf?.pageno);
  writeFileSync(house.path, bytes.fill(0xab, (page - 1) * 4_096, page * 4_096));
  journal = await house.open();
  await expect.poll(() => house.failures.length).toBe(1);
  expect(house.failures).toMatchObject([
    { code: 'corrupt', message: expect.stringContaining(`The journal ${house.path} is damaged`) },
  ]);
});

describe('a failure', () => {
  /** Appends, and lets the event loop turn until it would have been stored. */
  const tryAppend = async (entry: Append): Promise<boolean> => {
    let isStored = false;
    void journal.append(entry).then(() => {
      isStored = true;
    });
    for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
    return isStored;
  };
  const stored = (): unknown => {
    const other = new DatabaseSync(house.path, { readOnly: true });
    const ids = other.prepare('SELECT id FROM runs ORDER BY id').all();
    other.close();
    return ids.map(({ id }) => id);
  };

  test('stops the journal for good when a flush fails', async () => {
    expect(await tryAppend(accept('a'))).toBe(true);
    const failed = Object.assign(new Error('disk I/O error'), { errcode: 10 | (4 << 8) });
    const commits = watchCommits(() => {
      throw failed;
    });
    expect(await tryAppend(accept('b'))).toBe(false);
    commits.mockRestore();
    expect(house.failures).toEqual([failed]);
    expect(await tryAppend(accept('c'))).toBe(false);
    journal.prune(['a'], null);
    expect(house.failures).toHaveLength(1);
    expect(stored()).toEqual(['a']);
  });

  test('of a notice stops the journal too', async () => {
    live.exec('DROP TABLE notices');
    let isStored = false;
    void journal.addNotice({ at: 1 }).then(() => {
      isStored = true;
    });
    expect(await tryAppend(accept('a'))).toBe(false);
    expect(isStored).toBe(false);
    expect(house.failures).toHaveLength(1);
    expect(stored()).toEqual([]);
  });

  test('is told once when the connection is lost', async () => {
    live.close();
    expect(await tryAppend(accept('a'))).toBe(false);
    expect(await tryAppend(accept('b'))).toBe(false);
    expect(house.failures).toHaveLength(1);
    expect(stored()).toEqual([]);
  });

  test('is told when another executor was counted in, which can write at once', async () => {
    const usurper = new DatabaseSync(house.path, { timeout: 0 });
    usurper.exec("UPDATE meta SET value = value + 1 WHERE name = 'epoch'");
    expect(await tryAppend(accept('a'))).toBe(false);
    expect(house.failures).toMatchObject([{ message: 'another process took the journal over' }]);
    usurper.exec("UPDATE meta SET value = value + 1 WHERE name = 'epoch'");
    usurper.close();
    expect(stored()).toEqual([]);
  });
});

test('has counted what it would count, whatever becomes of the runs', async () => {
  const count = (sql: string): unknown => live.prepare(sql).all();
  const expectCounts = (): void => {
    const counted = 'FROM run_counts WHERE count > 0 ORDER BY 1, 2, 3';
    expect(count(`SELECT saga, version, place, count ${counted}`)).toEqual(
      count('SELECT saga, version, place, count(*) AS count FROM runs GROUP BY 1, 2, 3'),
    );
    expect(journal.countWaits()).toEqual(
      count('SELECT participant, kind, count(*) AS count FROM waits GROUP BY 1, 2'),
    );
  };
  const wait = (run: string, ...kinds: ('parked' | 'permit')[]): Append => {
    const waits = kinds.map((kind) => ({ participant: 'pay', kind, rank: 0 }));
    const { submission: _, ...entry } = accept(run);
    return { ...entry, events: [], rest: { ...entry.rest, dueAt: 9, waits } };
  };
  const all = (...entries: Append[]) => Promise.all(entries.map((entry) => journal.append(entry)));
  await all(accept('a'), accept('a'), accept('b'), accept('c'), accept('d'));
  expectCounts();
  await all(wait('a', 'parked', 'parked'), wait('b', 'permit', 'parked'), wait('c', 'permit'));
  expectCounts();
  await all(wait('a'), settle('d'));
  expectCounts();
  journal.setAside('a');
  expectCounts();
  await journal.review([{ saga: 'trip', version: 1 }], 99);
  expectCounts();
  await journal.review([], 99);
  expectCounts();
  journal.prune(['b', 'd'], null);
  expectCounts();
  expect(journal.countRuns()).toEqual({ open: 0, aside: 2 });
});

test('finds what it reads by an index, however many runs there are', () => {
  const all = vi.spyOn(StatementSync.prototype, 'all');
  journal.list({ limit: 1 });
  journal.list({ limit: 1, status: 'stuck' });
  journal.list({ limit: 1, status: 'owing' });
  journal.listDue('undo', 1, 1);
  journal.nextDueAt(1);
  journal.listWaiting('pay', 'parked', 1, 1);
  journal.listPrunable(1, 1, 1);
  journal.readFeed(0, 1);
  journal.read('a');
  const plans = explain(all.mock.contexts);
  expect(plans).toHaveLength(8);
  expect(JSON.stringify(plans)).not.toMatch(/SCAN|TEMP B-TREE/);
});

test('reads at a start no more rows the more runs wait', async () => {
  const spies = (['run', 'get', 'all'] as const).map((name) =>
    vi.spyOn(StatementSync.prototype, name),
  );
  await journal.review([{ saga: 'trip', version: 1 }], 1);
  journal.countRuns();
  journal.countWaits();
  journal.nextDueAt(1);
  journal.countDue(1);
  const asked = spies.flatMap(({ mock }) => mock.contexts);
  expect(asked.length).toBeGreaterThan(8);
  expect(JSON.stringify(explain(asked))).not.toMatch(/SCAN (runs|waits)/);
});

test('finds the oldest open runs and the newest notices in the order in which they are stored', () => {
  const all = vi.spyOn(StatementSync.prototype, 'all');
  journal.list({ limit: 1, status: 'open', oldestFirst: true });
  journal.readNotices(1);
  const plans = explain(all.mock.contexts);
  expect(plans).toMatchObject([[{ detail: expect.stringContaining('runs_open') }], [{}]]);
  expect(JSON.stringify(plans)).not.toContain('TEMP B-TREE');
});

const explain = (statements: readonly unknown[]) =>
  statements
    .filter((statement) => statement instanceof StatementSync)
    .map(({ sourceSQL }) => live.prepare(`EXPLAIN QUERY PLAN ${sourceSQL}`).all());
