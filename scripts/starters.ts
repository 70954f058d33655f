/** The processes that started this one, which must not outlive them: they may die without passing a signal on. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

const ancestryEveryMs = 500;

function readProcess(pid: number): { parent: number; command: string } {
  if (process.platform === 'linux') {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field is the program's name in brackets, which may itself hold blanks and brackets.
    const [, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return { parent: Number(parent), command: readFileSync(`/proc/${pid}/cmdline`, 'utf8') };
  }
  const ps = execFileSync('ps', ['-o', 'ppid=,command=', '-p', String(pid)], { encoding: 'utf8' });
  const [, parent, command = ''] = /^\s*(\d+)\s+(.*)/.exec(ps) ?? [];
  return { parent: Number(parent), command };
}

/** The processes that started this one, up to the outermost npm or turbo. A shell above may end before this process. */
function readStarters(): readonly number[] {
  const ancestors: number[] = [];
  let starters = 1;
  for (let pid = process.ppid; pid > 1; ) {
    const { parent, command } = readProcess(pid);
    ancestors.push(pid);
    if (/\b(npm|npx|turbo)\b/.test(command)) starters = ancestors.length;
    pid = parent;
  }
  return ancestors.slice(0, starters);
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/** Turbo killed with -9 leaves npm, and so the parent of this process, in place: all of them are watched. */
export function watchStarters(onGone: () => void): void {
  const parent = process.ppid;
  const starters = readStarters();
  setInterval(() => {
    if (process.ppid !== parent || !starters.every(isAlive)) onGone();
  }, ancestryEveryMs);
}
