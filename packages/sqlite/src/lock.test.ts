import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { createFileHouse, type FileHouse } from './fixtures/file-house.ts';
import { isLockedElsewhere, releaseLock, tryLock } from './lock.ts';

const main = fileURLToPath(new URL('fixtures/lock-main.ts', import.meta.url));

interface LockProcess {
  ask(word: 'try' | 'release' | 'look' | 'collect'): Promise<unknown>;
  kill(): Promise<void>;
}

let house: FileHouse;
let processes: LockProcess[];
beforeEach(() => {
  house = createFileHouse();
  processes = [];
});
afterEach(async () => {
  releaseLock(house.path);
  await Promise.all(processes.map((each) => each.kill()));
  house.remove();
});

/** A process beside this one; where a limit is given, none of its files grows past so many blocks of 512 bytes, as on a full disk. */
function launch(fileBlocksMax: number | 'unlimited' = 'unlimited'): LockProcess {
  const script = `ulimit -f ${fileBlocksMax}; exec "$0" "$@"`;
  const args = ['-c', script, process.execPath, '--expose-gc', main, house.path];
  const child: ChildProcess = spawn('sh', args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(child, 'exit');
  if (!child.stdout) throw new Error('a child without stdout');
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const launched: LockProcess = {
    ask: async (word) => {
      child.stdin?.write(`${word}\n`);
      const line = await lines.next();
      return line.done ? undefined : JSON.parse(line.value);
    },
    kill: async () => {
      child.kill('SIGKILL');
      await ended;
    },
  };
  processes.push(launched);
  return launched;
}

test('is held by one process, and free again once that was killed', async () => {
  const [holder, other] = [launch(), launch()];
  expect(await holder.ask('try')).toBe(true);
  expect([await other.ask('try'), tryLock(house.path)]).toEqual([false, false]);
  expect([await other.ask('look'), isLockedElsewhere(house.path)]).toEqual([true, true]);
  await holder.kill();
  expect(isLockedElsewhere(house.path)).toBe(false);
  expect(await other.ask('try')).toBe(true);
});

test('is free for others once it was released', async () => {
  expect(tryLock(house.path)).toBe(true);
  const other = launch();
  expect(await other.ask('try')).toBe(false);
  releaseLock(house.path);
  expect(await other.ask('try')).toBe(true);
});

/** As a standby has it whose file is removed just after it opened that first, or just before it opens that again. */
async function importLock(removed: 'after the first opening' | 'before the second opening') {
  let openings = 0;
  const actual = await import('./durable-file.ts');
  vi.resetModules();
  vi.doMock(import('./durable-file.ts'), () => ({
    ...actual,
    openOwn: (...args) => {
      openings += 1;
      if (openings === 2 && removed === 'before the second opening') rmSync(house.path);
      const opened = actual.openOwn(...args);
      if (openings === 1 && removed === 'after the first opening') rmSync(house.path);
      return opened;
    },
  }));
  onTestFinished(() => {
    vi.doUnmock(import('./durable-file.ts'));
    vi.resetModules();
  });
  return await import('./lock.ts');
}

test.each(['after the first opening', 'before the second opening'] as const)(
  'is nobody else’s when its file was removed just %s',
  async (removed) => {
    const holder = launch();
    expect(await holder.ask('try')).toBe(true);
    const standby = await importLock(removed);
    expect(standby.tryLock(house.path)).toBe(false);
    expect(() => standby.tryLock(house.path)).toThrow(/was removed or replaced/);
  },
);

test('is given once, also within its process', () => {
  expect([tryLock(house.path), tryLock(house.path)]).toEqual([true, false]);
});

test('is kept while its holder collects garbage, and asks for it again', async () => {
  const holder = launch();
  expect(await holder.ask('try')).toBe(true);
  for (let round = 0; round < 3; round++) {
    expect(await holder.ask('collect')).toBe('collected');
    expect(await holder.ask('try')).toBe(false);
    expect(tryLock(house.path)).toBe(false);
  }
});

test('is left free by a look', async () => {
  expect(isLockedElsewhere(house.path)).toBe(false);
  expect(await launch().ask('try')).toBe(true);
});

test('is held by nobody where the disk is too full to take it', async () => {
  expect(await launch(0).ask('look')).toBe(false);
});

test.skipIf(process.getuid?.() === 0)('says so where its folder cannot be read', () => {
  mkdirSync(dirname(house.path));
  chmodSync(dirname(house.path), 0o000);
  expect(() => tryLock(house.path)).toThrow(`The lock ${house.path} cannot be used`);
  chmodSync(dirname(house.path), 0o700);
});

test('says so where a file stands in the place of its folder', () => {
  writeFileSync(dirname(house.path), '');
  expect(() => tryLock(house.path)).toThrow(`The lock ${house.path} cannot be used`);
});

test('is not taken from its holder by removing the file', async () => {
  const holder = launch();
  expect(await holder.ask('try')).toBe(true);
  expect(tryLock(house.path)).toBe(false);
  rmSync(house.path);
  expect(() => tryLock(house.path)).toThrow(/The lock .* was removed or replaced/);
});

test('is not seen at a holder whose file was removed', async () => {
  const holder = launch();
  expect(await holder.ask('try')).toBe(true);
  expect(isLockedElsewhere(house.path)).toBe(true);
  rmSync(house.path);
  expect(isLockedElsewhere(house.path)).toBe(false);
});
