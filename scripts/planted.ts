/**
 * `npm run planted`: puts known bugs in, one at a time, and sees that a test catches each. It fails for a bug that no
 * test notices or that can no longer be planted. `npm run planted -- <part of a name>` judges some of them.
 *
 * 1. In the pure files a tool changes one expression after the other: planted/pure-files.ts. Survivors are explained.
 * 2. Bugs of the protocol are wrappers round a journal, an engine, a participant: packages/saga/src/testing/mutants.
 * 3. All other bugs are patches: e2e/planted.
 */
import type { Bug, Verdict } from './planted/bug.ts';
import { readPatches, removeCopies } from './planted/patches.ts';
import { listProtocolMutants } from './planted/protocol-mutants.ts';
import { pureFiles } from './planted/pure-files.ts';

/** One for each core of a small machine. */
const lanes = 2;

const [wanted = ''] = process.argv.slice(2);
const isWanted = ({ name }: Bug): boolean => name.includes(wanted);
const bugs = [...listProtocolMutants(), ...readPatches()].filter(isWanted);
// The tool runs its own tests in parallel.
const first = [pureFiles].filter(isWanted);
const total = first.length + bugs.length;
let caught = 0;
let judged = 0;

function describe(verdict: Verdict): string {
  switch (verdict.type) {
    case 'caught':
      return `caught by "${verdict.by}"`;
    case 'survived':
      return `SURVIVED: ${verdict.what}`;
    case 'broken':
      return `BROKEN: ${verdict.why}`;
    default:
      return verdict satisfies never;
  }
}

async function work(queue: Bug[]): Promise<void> {
  for (let bug = queue.shift(); bug; bug = queue.shift()) {
    const startedAt = performance.now();
    const verdict = await bug.judge();
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
    judged += 1;
    if (verdict.type === 'caught') caught += 1;
    console.log(`[${judged}/${total}] ${bug.what} (${bug.name}, ${seconds} s)`);
    console.log(`    ${describe(verdict)}`);
  }
}

console.log(`${total} planted bugs, ${lanes} at a time`);
try {
  await work(first);
  await Promise.all(Array.from({ length: lanes }, () => work(bugs)));
} finally {
  removeCopies();
}
console.log(`${caught} of ${total} planted bugs caught`);
process.exit(caught === total && total > 0 ? 0 : 1);
