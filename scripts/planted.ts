// `npm run planted`: puts known bugs in, one at a time, and sees that a test catches each.
//
// A patch in e2e/planted/ says in its head which bug it plants and which test files must catch it. It is applied to a
// copy of the tree, never to the tree itself. A bug that no test notices, and a patch that no longer applies, fail.
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { copyTree } from '../e2e/src/tree-copy.ts';

interface Bug {
  readonly name: string;
  readonly patch: string;
  readonly what: string;
  readonly testFiles: readonly string[];
  /** Only tests whose name has this, where a file is long. */
  readonly named: string;
}
type Verdict =
  | { readonly type: 'caught'; readonly by: string }
  | { readonly type: 'survived' }
  | { readonly type: 'broken'; readonly why: string };

const root = resolve(import.meta.dirname, '..');
const folder = join(root, 'e2e/planted');
/** One for each core of a small machine: every lane has a copy of its own. */
const lanes = 2;
const timeoutMs = 180_000;

function readBug(file: string): Bug {
  const patch = join(folder, file);
  const head = readFileSync(patch, 'utf8').split(/^diff /m)[0] ?? '';
  const read = (name: string): string => new RegExp(`^${name}: (.+)$`, 'm').exec(head)?.[1] ?? '';
  const testFiles = read('Caught by').split(/\s+/).filter(Boolean);
  if (!read('Bug') || testFiles.length === 0) {
    throw new Error(
      `${file}: its head must have a line "Bug: …" and a line "Caught by: <test files>"`,
    );
  }
  return {
    name: file.replace(/\.patch$/, ''),
    patch,
    what: read('Bug'),
    testFiles,
    named: read('Named'),
  };
}

async function judge(bug: Bug, copy: string): Promise<Verdict> {
  try {
    execFileSync('git', ['apply', bug.patch], { cwd: copy, stdio: 'pipe' });
  } catch {
    return { type: 'broken', why: 'the patch no longer applies; make it anew' };
  }
  const report = join(copy, '.planted.json');
  rmSync(report, { force: true });
  const code = await runTests(bug, copy, report);
  execFileSync('git', ['apply', '-R', bug.patch], { cwd: copy });
  return readVerdict(report, code, bug);
}

function runTests({ testFiles, named }: Bug, copy: string, report: string): Promise<number | null> {
  const vitest = join(root, 'node_modules/vitest/vitest.mjs');
  const args = [
    vitest,
    'run',
    ...testFiles,
    '--bail=1',
    '--reporter=json',
    `--outputFile=${report}`,
  ];
  if (named) args.push('-t', named);
  const child = spawn(process.execPath, args, { cwd: copy, stdio: 'ignore', timeout: timeoutMs });
  return new Promise((resolveCode) => child.once('exit', resolveCode));
}

interface Report {
  readonly testResults: readonly {
    readonly message: string;
    readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[];
  }[];
}

function readVerdict(report: string, code: number | null, { named }: Bug): Verdict {
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
  return hasRun ? { type: 'survived' } : { type: 'broken', why: `no test is named "${named}"` };
}

async function work(
  bugs: Bug[],
  tell: (bug: Bug, verdict: Verdict, seconds: number) => void,
): Promise<void> {
  const copy = mkdtempSync(join(tmpdir(), 'baton-planted-'));
  copyTree(copy);
  try {
    for (let bug = bugs.shift(); bug; bug = bugs.shift()) {
      const startedAt = performance.now();
      const verdict = await judge(bug, copy);
      tell(bug, verdict, (performance.now() - startedAt) / 1000);
    }
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

function describe(verdict: Verdict): string {
  switch (verdict.type) {
    case 'caught':
      return `caught by "${verdict.by}"`;
    case 'survived':
      return 'SURVIVED: no test noticed it';
    case 'broken':
      return `BROKEN: ${verdict.why}`;
    default:
      return verdict satisfies never;
  }
}

const [wanted = ''] = process.argv.slice(2);
const files = readdirSync(folder).filter(
  (file) => file.endsWith('.patch') && file.includes(wanted),
);
const bugs = files.sort().map(readBug);
const total = bugs.length;
let caught = 0;
let judged = 0;
console.log(`${total} planted bugs, ${lanes} at a time`);
const tell = (bug: Bug, verdict: Verdict, seconds: number): void => {
  judged += 1;
  if (verdict.type === 'caught') caught += 1;
  console.log(
    `[${judged}/${total}] ${bug.what} (${bug.name}, ${seconds.toFixed(1)} s)\n    ${describe(verdict)}`,
  );
};
await Promise.all(Array.from({ length: lanes }, () => work(bugs, tell)));
console.log(`${caught} of ${total} planted bugs caught`);
process.exit(caught === total && total > 0 ? 0 : 1);
