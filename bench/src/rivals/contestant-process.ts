/** A contestant in a process of its own: it places as many runs at a time as it is told. */
import { globSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type Figures, readGiven, serveTasks } from '../measured-process.ts';
import { listDescendants, sumMemoryBytes, sumTreeSeconds } from '../process-tree.ts';
import { readQuantile } from '../ratio.ts';
import { Surroundings } from './contestant.ts';
import { contestants, isContestant } from './contestants.ts';
import { ContestantTask, type Opened } from './measured-contestant.ts';

const given = readGiven(Surroundings);
let runs = 0;

async function open() {
  if (!isContestant(given.contestant)) throw new Error(`There is no ${given.contestant}`);
  return contestants[given.contestant].open(given);
}

const { contestant, lacks } = await open().then(
  (opened) => ({ contestant: opened, lacks: null }),
  (error: unknown) => ({ contestant: null, lacks: String(Object(error).message ?? error) }),
);

const listPids = (): number[] => [
  ...(contestant?.isCustomer ? [] : [process.pid]),
  ...listDescendants(process.pid),
];

async function load(atOnce: number, seconds: number): Promise<Figures> {
  const tookMs: number[] = [];
  const [cpuBefore, beganMs] = [sumTreeSeconds(listPids()), performance.now()];
  const ownBefore = process.cpuUsage();
  const customer = async (): Promise<void> => {
    for (let now = beganMs; now - beganMs < seconds * 1_000; ) {
      runs += 1;
      await contestant?.place(`run_${runs}`);
      const end = performance.now();
      tookMs.push(end - now);
      now = end;
    }
  };
  await Promise.all(Array.from({ length: atOnce }, customer));
  const tookSeconds = (performance.now() - beganMs) / 1_000;
  const { user, system } = process.cpuUsage(ownBefore);
  return {
    perSecond: tookMs.length / tookSeconds,
    cpuMs: ((sumTreeSeconds(listPids()) - cpuBefore) * 1_000) / tookMs.length,
    ownCpuMs: (user + system) / 1_000 / tookMs.length,
    p99Ms: readQuantile(
      tookMs.sort((a, b) => a - b),
      0.99,
    ),
  };
}

/** Bytes on disk, and in memory, after so many runs. */
function weigh(): Figures {
  const paths = globSync('**', { cwd: given.folder }).map((path) => join(given.folder, path));
  const sizes = paths.map((path) => statSync(path, { throwIfNoEntry: false }));
  const diskBytes = sizes.reduce((sum, stat) => sum + (stat?.isFile() ? stat.size : 0), 0);
  return { runs, diskBytes, memoryBytes: sumMemoryBytes(listPids()) };
}

const opened: Opened = { lacks, version: contestant?.version ?? '' };
serveTasks(ContestantTask, opened, async (task) =>
  task.type === 'load' ? load(task.atOnce, task.seconds) : weigh(),
);
