import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { startSeats } from '../e2e/conformance/stand-in/seats-server.ts';

interface Ended {
  readonly code: number;
  readonly stdout: readonly string[];
  readonly stderr: string;
}

const programText = fileURLToPath(new URL('conformance.ts', import.meta.url));

const run = (...args: readonly string[]): Promise<Ended> =>
  new Promise((resolve) => {
    execFile(process.execPath, [programText, ...args], (error, stdout, stderr) => {
      const code = error === null ? 0 : Number(error.code);
      resolve({ code, stdout: stdout.trimEnd().split('\n'), stderr });
    });
  });

describe('npm run conformance', () => {
  it('ends with the sum and 0 when every check passes', async () => {
    const { url, close } = await startSeats();
    const { code, stdout } = await run(url);
    expect(code).toBe(0);
    expect(stdout.at(-1)).toMatch(/^\d+ passed, 0 failed$/);
    expect(stdout.slice(1, -1).every((line) => line.startsWith('pass  '))).toBe(true);
    await close();
  });

  it('ends with 1 and says what was sent, expected and came when a check fails', async () => {
    const { url, close } = await startSeats('keeps no tombstone');
    const { code, stdout } = await run(url);
    expect(code).toBe(1);
    const failed = stdout.find(
      (line) => line.startsWith('FAIL') && line.includes('a late forward'),
    );
    expect(failed).toMatch(/sent POST \/hold .* expected 409 .* fenced .* came 200 /);
    await close();
  });

  it('says in one line that nothing answers', async () => {
    const { url, close } = await startSeats();
    await close();
    const { code, stderr } = await run(url);
    expect(code).toBe(1);
    expect(stderr).toBe(`Nothing answers at ${url}: ECONNREFUSED\n`);
  });

  it.each([
    [[], ''],
    [['inventory'], 'URL must be an http or https address\n'],
    [['httpx://127.0.0.1:4002'], 'URL must be an http or https address\n'],
    [['http://127.0.0.1:4002?x'], 'URL must have no query: paths are appended to it\n'],
    [['http://127.0.0.1:4002#x'], 'URL must have no fragment: it would not be sent\n'],
    [['http://a:b@127.0.0.1:4002'], 'URL must have no user or password: they would not be sent\n'],
    [['http://127.0.0.1:6000'], 'URL must have another port: fetch and browsers refuse this one\n'],
  ])('shows its usage, and what is wrong, when started with %j', async (args, wrong) => {
    const { code, stderr } = await run(...args);
    expect(code).toBe(1);
    expect(stderr).toBe(
      `${wrong}Usage: npm run conformance -- URL, such as http://127.0.0.1:4002\n`,
    );
  });
});
