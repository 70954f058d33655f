import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { describe, expect, it, type TestContext } from 'vitest';

const programText = new URL('./testing/stand-in/guarded.ts', import.meta.url).pathname;
/** Far above what a busy machine adds to a tick. */
const blockedMaxMs = 2_000;

async function start({ onTestFinished }: TestContext) {
  const child = spawn(process.execPath, [programText, String(blockedMaxMs)], { stdio: 'pipe' });
  onTestFinished(() => void child.kill('SIGKILL'));
  let errors = '';
  child.stderr.on('data', (chunk) => {
    errors += String(chunk);
  });
  const ended = once(child, 'close').then(([, signal]) => signal);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  expect((await lines.next()).value).toBe('ready');
  const tell = async (line: string) => {
    child.stdin.write(`${line}\n`);
    expect((await lines.next()).value).toBe('told');
  };
  const hear = async () => (await lines.next()).value;
  const ask = (line: string) => tell(line).then(hear);
  return { child, ended, tell, hear, ask, errors: () => errors };
}

/** By the clock of this process, which nobody freezes or blocks. */
function elapse(ms: number) {
  const { promise, resolve } = Promise.withResolvers<void>();
  setTimeout(resolve, ms);
  return promise;
}

// Each waits for clocks that nobody can turn, so they wait together.
describe.concurrent('the loop guard', () => {
  it('ends a process whose loop is blocked, within the limit and little more', async (context) => {
    const { ended, ask, errors } = await start(context);
    const blockedAtMs = performance.now();
    expect(await ask('block 60000')).toBeUndefined();
    expect(await ended).toBe('SIGALRM');
    const blockedMs = performance.now() - blockedAtMs;
    expect(blockedMs).toBeGreaterThan(blockedMaxMs * 0.8);
    expect(blockedMs).toBeLessThan(60_000);
    expect(errors()).toBe('the event loop was blocked for 2 s, so this process ends\n');
  });

  it('leaves alone one that was blocked for less', async (context) => {
    const { ask, errors } = await start(context);
    for (let turn = 0; turn < 4; turn++)
      expect(await ask(`block ${blockedMaxMs / 2}`)).toBe('done');
    expect(errors()).toBe('');
  });

  it('leaves alone one that was frozen for longer than the limit, and wakes', async (context) => {
    const { child, tell, hear, ask, errors } = await start(context);
    // Blocked for a little while after it wakes, so that no beat comes before the guard looks again.
    await tell(`freeze ${blockedMaxMs / 4}`);
    await elapse(blockedMaxMs * 2);
    child.kill('SIGCONT');
    expect(await hear()).toBe('done');
    await elapse(blockedMaxMs);
    expect(await ask('block 0')).toBe('done');
    expect(errors()).toBe('');
  });

  it('leaves alone one that has nothing to do', async (context) => {
    const { ask } = await start(context);
    await elapse(blockedMaxMs * 2);
    expect(await ask('block 0')).toBe('done');
  });

  it('watches no more once it was stopped', async (context) => {
    const { ask } = await start(context);
    expect(await ask('stop')).toBe('done');
    expect(await ask(`block ${blockedMaxMs * 2}`)).toBe('done');
  });

  it('keeps no process alive that has nothing left to do', async (context) => {
    const { child, ended } = await start(context);
    child.stdin.end();
    expect(await ended).toBeNull();
  });
});
