/** One run of tests that must fail. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Verdict } from './bug.ts';

export const root = resolve(import.meta.dirname, '../..');
const timeoutMs = 180_000;
/** A bug may make a test hang, which is how that test catches it. */
const testLongestMs = 100_000;

export interface TestRun {
  readonly files: readonly string[];
  /** In a long file, only tests whose name contains this. */
  readonly named?: string | undefined;
  /** The tree of the tests. */
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
}

interface Report {
  readonly testResults: readonly {
    readonly message: string;
    readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[];
  }[];
}

/** Caught as soon as one of the tests fails. */
export async function judgeByTests(run: TestRun): Promise<Verdict> {
  const folder = mkdtempSync(join(tmpdir(), 'baton-report-'));
  const report = join(folder, 'report.json');
  try {
    const code = await runTests(run, report);
    return readVerdict(report, code, run);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function runTests({ files, named, cwd, env }: TestRun, report: string): Promise<number | null> {
  const vitest = join(root, 'node_modules/vitest/vitest.mjs');
  const shown = ['--bail=1', '--reporter=json', `--outputFile=${report}`];
  const bounds = [`--testTimeout=${testLongestMs}`, `--hookTimeout=${testLongestMs}`];
  const args = [vitest, 'run', ...files, ...shown, ...bounds, ...(named ? ['-t', named] : [])];
  const child = spawn(process.execPath, args, {
    cwd,
    env: { ...process.env, ...env },
    stdio: 'ignore',
    timeout: timeoutMs,
  });
  return new Promise((resolveCode) => child.once('exit', resolveCode));
}

function readVerdict(report: string, code: number | null, { named }: TestRun): Verdict {
  let results: Report['testResults'];
  try {
    const parsed: Report = JSON.parse(readFileSync(report, 'utf8'));
    results = parsed.testResults;
  } catch {
    return { type: 'broken', why: `the tests ended with ${code} and left no report` };
  }
  const tests = results.flatMap(({ assertionResults }) => assertionResults);
  const failed = tests.find(({ status }) => status === 'failed');
  if (failed) return { type: 'caught', by: failed.fullName.trim() };
  const [message = 'no test failed'] = results.map((result) => result.message).filter(Boolean);
  if (code !== 0) return { type: 'broken', why: message.split('\n')[0] ?? message };
  // A test that was renamed is not run any more, and fails nothing.
  const hasRun = tests.some(({ status }) => status === 'passed');
  return hasRun
    ? { type: 'survived', what: 'no test noticed it' }
    : { type: 'broken', why: `no test is named "${named}"` };
}
