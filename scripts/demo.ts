/**
 * `npm run demo`: orders that meet trouble, each of another kind, told while they run; then the books.
 *
 * It runs everything in a folder of its own, on free ports. --keep leaves the folder for a closer look; --svg FILE draws
 * one story and the end of the output.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { readCommandLine } from './command-line.ts';
import { sayBooks } from './demo/books.ts';
import { drawPicture } from './demo/picture.ts';
import { Screen } from './demo/screen.ts';
import { Stage } from './demo/stage.ts';
import { describeOrder, stories } from './demo/stories.ts';
import { type Placed, place, type Story, Telling } from './demo/story.ts';

const root = resolve(import.meta.dirname, '..');
const usageText = `npm run demo                 orders that meet trouble, told as it happens; half a minute
npm run demo -- --keep       leaves all it made in a folder, for npm run explain
npm run demo -- --svg FILE   draws the picture of README.md

SAGA_HOST   restate: on a Restate cluster of one node

It runs in a folder and on ports of its own, beside whatever else runs.`;
const { values } = readCommandLine(usageText, {
  options: { keep: { type: 'boolean', default: false }, svg: { type: 'string' } },
});
// Processes that need not compile TypeScript start in half the time.
process.env.NODE_COMPILE_CACHE ??= join(root, 'node_modules/.cache/node');

const screen = new Screen(process.stdout, process.env);
const dataDir = mkdtempSync(join(tmpdir(), 'baton-demo-'));
const opening = Stage.open(dataDir);

async function clear(): Promise<void> {
  await opening.then(
    (stage) => stage.close(),
    () => {},
  );
  if (!values.keep) rmSync(dataDir, { recursive: true, force: true });
}

const interrupted = 130;
const stop = () => void clear().finally(() => process.exit(interrupted));
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, stop);
// The reader has gone, so later writes fail, too.
process.stdout.once('error', stop).on('error', () => {});

async function tellStory(stage: Stage, story: Story, early: Placed | undefined) {
  const number = stories.indexOf(story) + 1;
  screen.begin(`story ${number}`);
  screen.say('');
  screen.say(`${number}  ${story.title}`, { style: 'title' });
  const placed = early ?? (await place(stage, story));
  screen.say(`    ${describeOrder(story)} Trouble: ${story.trouble}`, { hang: 4 });
  const surprises = await new Telling(screen, stage, { story, placed }).tell();
  if (values.keep)
    screen.say(`    DATA_DIR=${dataDir} npm run explain -- ${placed.orderId}`, {
      style: 'dim',
    });
  return { orderIds: [placed.orderId, ...placed.crowd.orderIds], surprises };
}

async function tellAll(stage: Stage): Promise<string[]> {
  const early = new Map<Story, Placed>();
  for (const story of stories) if (story.isEarly) early.set(story, await place(stage, story));
  const accepted: string[] = [];
  const surprises: string[] = [];
  for (const story of stories) {
    const told = await tellStory(stage, story, early.get(story));
    accepted.push(...told.orderIds);
    surprises.push(...told.surprises);
  }
  screen.begin('books');
  screen.say('');
  screen.say('The books', { style: 'title' });
  return [...surprises, ...sayBooks(screen, dataDir, accepted)];
}

const opener = `Orders that meet trouble, in ${stories.length} stories. Whatever breaks, each must end whole: completed, \
or undone with no stock held and no money kept. It all runs for real, in processes of its own.`;

async function run(): Promise<string[]> {
  screen.begin('start');
  screen.say(opener);
  const startedAt = performance.now();
  const stage = await screen.during(() => 'starting', opening);
  const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1);
  const orchestrators = stage.isCluster
    ? 'two orchestrators and a Restate node'
    : 'an orchestrator and its standby';
  screen.say(`Every service, a second payment provider, ${orchestrators}: up after ${seconds} s.`, {
    style: 'dim',
  });
  return tellAll(stage);
}

function sayEnd(surprises: readonly string[]): void {
  screen.say('');
  screen.begin('closer look');
  if (!values.keep)
    screen.say('For a closer look: npm run demo -- --keep, and npm run explain for each order.', {
      style: 'dim',
    });
  screen.begin('end');
  for (const surprise of surprises)
    screen.say(`NOT AS IT SHOULD BE: ${surprise}`, { style: 'bad' });
  if (surprises.length === 0)
    screen.say(`${stories.length} stories ended whole; the books balance`, { style: 'good' });
  process.exitCode = surprises.length === 0 ? 0 : 1;
}

try {
  sayEnd(await run());
  if (values.svg) writeFileSync(resolve(root, values.svg), drawPicture(screen.sections));
} catch (error) {
  sayEnd([error instanceof Error ? error.message : String(error)]);
} finally {
  await clear();
}
if (values.keep) console.log(`Everything is kept in ${dataDir}`);
