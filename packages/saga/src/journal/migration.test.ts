/** Files that an older engine wrote, opened by this one, which goes on with the orders in them. */
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Event, EventType } from '../core/event.ts';
import { replay } from '../core/history.ts';
import { priorities, toPriority } from '../core/rest.ts';
import { type RunState, readTried } from '../core/state.ts';
import { isSettled } from '../core/status.ts';
import { createEngine } from '../embedded/embedded-engine.ts';
import type { Engine } from '../embedded/engine.ts';
import type { Call } from '../fixtures/cast.ts';
import { createCrashable } from '../fixtures/crash.ts';
import {
  type OldCopy,
  type OldStory,
  oldStories,
  type Said,
  writeOldJournal,
} from '../fixtures/old-journals.ts';
import { createOrderBench, order } from '../fixtures/order.ts';
import { createSqliteHouse, type SqliteHouse } from '../fixtures/sqlite-house.ts';
import { findExcess, findTrespass } from '../fixtures/story.ts';
import { createWorld, type World } from '../fixtures/world.ts';
import { JournalError } from '../index.ts';
import { createVirtualClock } from '../testing/virtual-clock.ts';
import type { Journal } from './journal.ts';
import { openReader } from './sqlite-journal.ts';

let house: SqliteHouse;
beforeEach(() => {
  house = createSqliteHouse();
  mkdirSync(dirname(house.path));
});
afterEach(() => house.remove());

const secret = 'tok_secret';

/** What the file says, asked of the file alone: in its own words, by its own schema. */
function readOld(path: string) {
  const database = new DatabaseSync(path, { readOnly: true });
  const all = (sql: string) => database.prepare(sql).all();
  const told = {
    version: all('PRAGMA user_version')[0]?.user_version,
    runs: all(
      'SELECT number, id, saga, version, status, accepted_at AS acceptedAt, settled_at AS settledAt FROM runs ORDER BY number DESC',
    ),
    owing: all(
      'SELECT id FROM runs WHERE settled_at IS NOT NULL AND repair_at IS NOT NULL ORDER BY number DESC',
    ).map(({ id }) => id),
    feed: all('SELECT position, run, event FROM events ORDER BY position').map((row) => ({
      ...row,
      event: JSON.parse(String(row.event)),
    })),
    submissions: all(
      'SELECT run, fingerprint, pruned_as AS prunedAs FROM submissions ORDER BY run',
    ),
    secrets: all('SELECT run, fields FROM secrets ORDER BY run').map(({ run, fields }) => [
      run,
      JSON.parse(String(fields)),
    ]),
    notices: all('SELECT notice FROM notices').map(({ notice }) => JSON.parse(String(notice))),
    carried: all("SELECT value FROM meta WHERE name = 'carried'").map(({ value }) =>
      JSON.parse(String(value)),
    )[0],
  };
  database.close();
  return told;
}
type Told = ReturnType<typeof readOld>;

/** The same, as a journal answers. */
const readTold = (
  journal: ReturnType<typeof openReader>,
  { submissions }: Pick<Told, 'submissions'>,
) => ({
  runs: journal.list({ limit: 99 }),
  owing: journal.list({ status: 'owing', limit: 99 }).map(({ id }) => id),
  feed: journal.readKept(0, 999),
  submissions: submissions.map(({ run }) => ({
    run,
    ...journal.readSubmission(String(run)),
  })),
  secrets: submissions.flatMap(({ run }) => {
    const { secrets = {} } = journal.read(String(run)) ?? {};
    return Object.keys(secrets).length > 0 ? [[run, secrets]] : [];
  }),
  notices: journal.readNotices(9),
  carried: journal.readCarried(),
});

/** This engine on an old file, with the participants as they were when it was copied. */
class Heir {
  readonly violations: unknown[] = house.failures;
  readonly said: Said[] = [];
  readonly bench = createOrderBench();
  readonly #world: World;
  readonly #clock;
  readonly #story: OldStory;
  readonly #copy: OldCopy;
  /** The latest call of each run, by its number. */
  readonly #heard = new Map<string, number>();
  readonly #ids: readonly string[];
  readonly #journal: Journal;
  engine: Engine | undefined;

  constructor(story: OldStory, copy: OldCopy, journal: Journal) {
    this.#story = story;
    this.#copy = copy;
    this.#journal = journal;
    this.#ids = Object.keys(copy.ends);
    this.#clock = createVirtualClock(copy.at);
    this.#world = createWorld(story.script);
    // Of a call the participants know nothing but these.
    for (const call of story.calls.slice(0, copy.called)) this.#world.answer(call as Call);
  }

  async start(): Promise<Engine> {
    const process = createCrashable(this.#journal);
    process.onAppend = (when, { run, events }) => {
      if (when === 'after' || this.engine) return;
      for (const event of events.filter(isOfRestart))
        this.said.push({ run, type: event.type, ...('way' in event && { way: event.way }) });
    };
    this.bench.answer = (call) => {
      this.#check(call);
      return this.#world.answer(call);
    };
    this.engine = await createEngine({
      ...this.#story.options,
      carry: (carried) => ({ orders: readOrders(carried) + 1 }),
      journal: process.journal,
      sagas: [this.bench.saga],
      clock: this.#clock,
      random: () => 0.5,
      onBug: (error) => this.violations.push(error),
    });
    return this.engine;
  }

  #check(call: Call): void {
    const { run, what, token, ordinal } = call;
    const state = this.readState(run);
    if (!state) throw new Error(`${what} of a run that is not there`);
    const { saga } = this.bench;
    this.violations.push(...findTrespass(call, saga, state, this.#world));
    if (!isSettled(state) && token !== secret) this.violations.push(`${what} without its secret`);
    const before = this.#heard.get(run) ?? this.#countOld(run);
    if (ordinal <= before) this.violations.push(`${what} as call ${ordinal} again`);
    if (!this.#heard.has(run)) this.#checkTime(call, state);
    this.#heard.set(run, ordinal);
  }

  #countOld(run: string): number {
    const calls = this.#story.calls.slice(0, this.#copy.called);
    return calls.filter(({ key }) => key.startsWith(`${run}:`)).length;
  }

  /** The first call comes when it is due, and where there are places enough no later. */
  #checkTime({ what }: Call, state: RunState): void {
    const [direction, way = ''] = what.split(' ');
    const aim = {
      way: { name: way },
      direction: direction === 'undo' ? direction : 'forward',
    } as const;
    const dueAt = Math.max(this.#copy.at, readTried(state, aim).retryAt);
    const now = this.#clock.now();
    const isLate = now > dueAt && this.#story.options.callsMax === undefined;
    if (now < dueAt || isLate) this.violations.push(`${what} at ${now}, due at ${dueAt}`);
  }

  readState(run: string): RunState | undefined {
    const stored = this.#journal.read(run);
    return stored && replay(stored.events);
  }

  async runOn() {
    for (;;) {
      await this.#clock.run(() => this.#isOver(), 3 * 86_400_000);
      const aside = this.#findAside();
      if (aside.length === 0) break;
      for (const id of aside) await this.engine?.retry(id, 'mended');
    }
    this.#world.deliverLate();
    const ends = Object.fromEntries(this.#ids.map((id) => [id, this.#findEnd(id)]));
    const left = this.#ids.map((id) => this.#journal.read(id)?.secrets ?? {});
    this.violations.push(...left.filter((secrets) => Object.keys(secrets).length > 0));
    for (const [id, phase] of Object.entries(ends))
      this.violations.push(...findExcess(this.#world, id, String(phase)));
    return { ends, live: this.#world.live().sort() };
  }

  /** By their events alone. */
  count() {
    const states = this.#ids.flatMap((id) => this.readState(id) ?? []);
    return { open: states.filter((state) => !isSettled(state)).length, quarantined: 0 };
  }

  #findEnd(id: string): string | null | undefined {
    return this.readState(id)?.phase ?? this.#journal.readSubmission(id)?.prunedAs;
  }

  async #isOver(): Promise<boolean> {
    for (const id of this.#ids) {
      const view = await this.engine?.read(id);
      const rests = view ? view.next?.type === 'rest' : this.#findEnd(id) !== null;
      if (!rests) return false;
    }
    return true;
  }

  #findAside(): readonly string[] {
    return this.#ids.filter((id) => this.readState(id)?.isQuarantined);
  }
}

/** The named boundary: this test alone carries it. */
const readOrders = (carried: unknown): number =>
  (carried as { readonly orders: number } | undefined)?.orders ?? 0;

/** By priority, what is to be gone on with. */
const readDue = (journal: Journal, now: number) =>
  priorities.map((priority) => [priority, journal.listDue(priority, now, 99)]);

/** The same, by the events alone. */
function findDue(journal: Journal, { runs, owing }: Pick<Told, 'runs' | 'owing'>) {
  const due = runs.toReversed().flatMap(({ id, settledAt }) => {
    const state = replay(journal.read(String(id))?.events ?? []);
    const isDue = !state.isQuarantined && (settledAt === null || owing.includes(id));
    return isDue ? [{ id, priority: toPriority(state) }] : [];
  });
  return priorities.map((wanted) => [
    wanted,
    due.filter(({ priority }) => priority === wanted).map(({ id }) => id),
  ]);
}

const isOfRestart = (event: Event): boolean =>
  event.type === 'recovered' || event.type === 'quarantined' || 'interrupted' in event;

const sort = (said: readonly Said[]): Said[] => said.toSorted((a, b) => a.run.localeCompare(b.run));

test('the old files hold each type of event that the old engine knew, in runs of each status', () => {
  const told = oldStories.map(({ copies }) => {
    for (const copy of copies.slice(-1)) writeOldJournal(house.path, copy);
    return readOld(house.path);
  });
  const types = told.flatMap(({ feed }) => feed.map(({ event }) => event.type));
  const known: readonly EventType[] = [
    'accepted',
    'alternate-chosen',
    'attempt-started',
    'cancel-requested',
    'compensated',
    'compensation-decided',
    'completed',
    'quarantined',
    'recovered',
    'retry-requested',
    'step-deferred',
    'step-parked',
    'step-refused',
    'step-succeeded',
    'step-unknown',
    'undo-parked',
    'undo-refused',
    'undo-succeeded',
    'undo-unknown',
    'written-off',
  ];
  expect([...new Set(types)].sort()).toEqual(known);
  expect(told.some(({ carried }) => carried !== undefined)).toBe(true);
  expect(oldStories.flatMap(({ copies }) => copies).length).toBeGreaterThan(300);
});

describe.each(oldStories)('a file of version 2, copied when $name', (story) => {
  test('is read as it is, migrated, and gone on with, wherever it was copied', async () => {
    for (const [point, copy] of story.copies.entries()) {
      writeOldJournal(house.path, copy);
      const bytes = readFileSync(house.path);
      const { version, ...told } = readOld(house.path);
      expect(version).toBe(2);
      const reader = openReader(house.path);
      expect({ point, ...readTold(reader, told) }).toEqual({ point, ...told });
      reader.close();
      expect(readFileSync(house.path).equals(bytes)).toBe(true);

      const journal = await house.open();
      expect({ point, ...readTold(journal, told) }).toEqual({ point, ...told });
      expect({ point, due: readDue(journal, copy.at) }).toEqual({
        point,
        due: findDue(journal, told),
      });
      const heir = new Heir(story, copy, journal);
      const engine = await heir.start();
      expect({ point, said: sort(heir.said) }).toEqual({ point, said: sort(copy.recovered) });
      expect({ point, ...(await engine.counts()) }).toMatchObject({ point, ...heir.count() });
      for (const { run, prunedAs } of told.submissions) {
        const id = String(run);
        const submit = (fingerprint: string) =>
          engine.submit(heir.bench.saga, order, { id, fingerprint });
        expect(await submit(`print-${id}`)).toEqual({ type: 'known', id, prunedAs });
        expect(await submit('another')).toEqual({ type: 'conflict', id });
      }
      const { ends, live } = await heir.runOn();
      expect({ point, ends, live }).toEqual({ point, ends: copy.ends, live: copy.live });
      expect(await engine.counts()).toMatchObject({
        moving: 0,
        queued: 0,
        open: 0,
        quarantined: 0,
      });
      await engine.stop();
      expect({ point, violations: heir.violations }).toEqual({ point, violations: [] });
      expect(readFileSync(house.path).includes(secret)).toBe(false);
    }
  });
});

test('of a definition that is not there, the runs of an old file are set aside until it is', async () => {
  const [story, copy] = pickCrowd();
  writeOldJournal(house.path, copy);
  const stranger = createOrderBench(2).saga;
  const engine = await createEngine({ journal: await house.open(), sagas: [stranger] });
  const aside = copy.recovered.length;
  expect(await engine.counts()).toMatchObject({ moving: 0, open: 0, quarantined: aside });
  await engine.stop();
  const heir = new Heir(story, copy, await house.open());
  await heir.start();
  // What nobody could recover then is still to be said.
  expect(sort(heir.said)).toEqual(sort(copy.recovered));
  expect(await heir.runOn()).toEqual({ ends: copy.ends, live: copy.live });
  await heir.engine?.stop();
  expect(heir.violations).toEqual([]);
});

/** Several runs, all of them open. */
function pickCrowd(): [OldStory, OldCopy] {
  for (const story of oldStories)
    for (const copy of story.copies) {
      const runs = Object.keys(copy.ends).length;
      if (runs > 1 && copy.recovered.length === runs) return [story, copy];
    }
  throw new Error('no old file has several open runs');
}

describe('a file of version 2 that cannot be migrated', () => {
  test.each([
    [
      'at the first statement',
      'DROP INDEX runs_repair',
      'CREATE INDEX runs_repair ON runs (repair_at) WHERE repair_at IS NOT NULL',
    ],
    [
      'among its rows',
      "CREATE TRIGGER full BEFORE UPDATE ON runs BEGIN SELECT RAISE(ABORT, 'no'); END",
      'DROP TRIGGER full',
    ],
    ['after its rows', 'CREATE VIEW mine AS SELECT repair_at FROM runs', 'DROP VIEW mine'],
    ['among its events', 'CREATE TABLE heads (mine)', 'DROP TABLE heads'],
  ])('%s, is refused by its name and left as it was, byte for byte', async (_, harm, mend) => {
    const [story, copy] = pickCrowd();
    writeOldJournal(house.path, copy);
    alter(harm);
    const bytes = readFileSync(house.path);
    const refusal = await house.open().catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(JournalError);
    expect(refusal).toMatchObject({
      code: 'not-migrated',
      message: expect.stringMatching(
        /^The journal .*journal\.db could not be brought from version 2 to 5 \(.+\)\. It was left as it is/,
      ),
    });
    expect(String(refusal)).toContain(house.path);
    expect(readFileSync(house.path).equals(bytes)).toBe(true);
    expect(readdirSync(dirname(house.path))).not.toContain('journal.db-wal');

    alter(mend);
    const heir = new Heir(story, copy, await house.open());
    await heir.start();
    expect(await heir.runOn()).toEqual({ ends: copy.ends, live: copy.live });
    await heir.engine?.stop();
  });
});

function alter(sql: string): void {
  const database = new DatabaseSync(house.path);
  database.exec(sql);
  database.close();
}
