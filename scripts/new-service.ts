/**
 * `npm run new:service`: a participant that runs, with its contract, its tests and its entry in the list of
 * participants. Either all of it is there at the end, or nothing.
 */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { readCommandLine } from './command-line.ts';
import { toDeploymentFiles } from './deployment.ts';
import { writeAbout } from './new-service/noun.ts';
import {
  listFile,
  listOwnPaths,
  type NewParticipant,
  planParticipant,
  Unfit,
} from './new-service/participant-entry.ts';
import { toStep, writeService } from './new-service/service-files.ts';

const usageText = `npm run new:service -- NAME                      a new service, such as voucher
npm run new:service -- NAME --program SERVICE    a second instance of a service that is there, such as
                                                 payment-third --program payment-service`;

const root = resolve(import.meta.dirname, '..');
const workflow = 'apps/orchestrator/src/place-order';
/** Existing files that this command changes. */
const changed = [
  listFile,
  'package-lock.json',
  `${workflow}/structures.json`,
  ...toDeploymentFiles().keys(),
];

/** Shows the program's output only where it failed. */
function run(what: string, command: string, args: readonly string[]): void {
  console.log(`  ${what}`);
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    cwd: root,
    encoding: 'utf8',
  });
  if (status !== 0)
    throw new Unfit(`${command} ${args.join(' ')} failed:\n${error ?? ''}${stdout}${stderr}`);
}

function add(participant: NewParticipant): void {
  const { name, noun } = participant;
  console.log(`  writing ${noun === undefined ? listFile : `apps/${name} and its contract`}`);
  const paths = writeService(root, participant);
  run('formatting', 'npm', ['exec', '--', 'biome', 'check', '--write', ...paths]);
  if (noun !== undefined) {
    const quiet = ['--prefer-offline', '--no-audit', '--no-fund'];
    run('linking it (npm install)', 'npm', ['install', ...quiet]);
  }
  run('writing what follows from the list (npm run generate)', 'npm', ['run', 'generate']);
}

/** Restores the files when `work` fails. */
function addOrLeave(participant: NewParticipant): void {
  const before = changed.map(
    (path) => [join(root, path), readFileSync(join(root, path), 'utf8')] as const,
  );
  // The started program gets the signal, too, and its failure leads here.
  process.on('SIGINT', () => {});
  try {
    add(participant);
  } catch (error) {
    for (const [path, text] of before) writeFileSync(path, text);
    if (participant.noun !== undefined) {
      for (const path of listOwnPaths(participant.name))
        rmSync(join(root, path), { recursive: true, force: true });
    }
    console.error('It did not work; everything is as it was.');
    throw error;
  }
}

function toNextSteps({ name, noun, program }: NewParticipant): string {
  if (noun === undefined) {
    return `
${name} runs ${program} a second time, on data of its own: npm run dev starts it.
A step names it as its participant, or as an alternate's: see payment-alternate in ${workflow}.`;
  }
  const things = writeAbout(noun, 'sampleThings');
  const versions = readdirSync(join(root, workflow)).map((file) =>
    Number(/^v(\d+)\.ts$/.exec(file)?.[1] ?? 0),
  );
  const newest = Math.max(...versions);
  return `
${name} is there, and runs: apps/${name}, packages/contracts/src/${name}.ts.

  npm test -- apps/${name}     its tests

Now the workflow, by hand: a new version of it, as orders may be in flight under the one before.

1.  cp ${workflow}/v${newest}.ts ${workflow}/v${newest + 1}.ts
2.  In that copy: write "version: ${newest + 1}", take the service from the participants,

      '${name}': ${things},

    and paste the step where it belongs:

${toStep(noun)}
3.  npm run format && npm run generate && npm run check
    npm run matrix                              plays every fault at every step, the new one's too
4.  npm run dev, and in another terminal:
    npm run fault -- ${noun}.apply lost-reply --times 2`;
}

function main(): void {
  const { values, positionals } = readCommandLine(usageText, {
    options: { program: { type: 'string' } },
    allowPositionals: true,
  });
  const [given, ...more] = positionals;
  if (given === undefined || more.length > 0) {
    console.error(usageText);
    process.exitCode = 1;
    return;
  }
  const participant = planParticipant(root, given, values.program);
  addOrLeave(participant);
  console.log(toNextSteps(participant));
}

try {
  main();
} catch (error) {
  if (!(error instanceof Unfit)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
