/**
 * `npm run chaos`: orders while everything is killed, frozen and cut off; then an independent auditor checks the books.
 *
 * It runs everything in a folder of its own, on free ports. The folder stays where something is wrong.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { toOneLine } from '@baton/telemetry/one-line';
import { prepareChaos } from '../e2e/chaos/chaos.ts';
import { readCommandLine } from './command-line.ts';

const usageText = `npm run chaos                  kills, freezes and cuts off everything for a minute, while orders come
npm run chaos -- --seed N      with the same plan as a run before
npm run chaos -- --seconds S   for longer, or not so long

Each accepted order must then end by itself, and the books be exact: or it names what is not, and ends with 1.
It runs in a folder and on ports of its own, beside whatever else runs.`;
const { values } = readCommandLine(usageText, {
  options: { seed: { type: 'string' }, seconds: { type: 'string', default: '60' } },
});

function readWhole(name: string, text: string, max: number): number {
  const value = Number(text);
  if (Number.isInteger(value) && value > 0 && value <= max) return value;
  console.error(`--${name} must be a whole number from 1 to ${max}.\n\n${usageText}`);
  process.exit(1);
}

const seed = readWhole('seed', values.seed ?? String(Date.now() % 1_000_000 || 1), 2 ** 32);
const seconds = readWhole('seconds', values.seconds, 3_600);
// Processes that need not compile TypeScript start in half the time.
process.env.NODE_COMPILE_CACHE ??= join(
  resolve(import.meta.dirname, '..'),
  'node_modules/.cache/node',
);
const dataDir = mkdtempSync(join(tmpdir(), 'baton-chaos-'));
const chaos = prepareChaos({ seed, seconds, dataDir, say: (line) => console.log(line) });

const interrupted = 130;
let isStopped = false;
async function stop(): Promise<void> {
  isStopped = true;
  await chaos.end().catch(() => {});
  rmSync(dataDir, { recursive: true, force: true });
  process.exit(interrupted);
}
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, stop);
// The reader has gone, so later writes fail, too.
process.stdout.once('error', stop).on('error', () => {});

console.log(`Seed ${seed}, ${seconds} s of trouble.`);
const findings = await chaos.play().catch((error: unknown) => [String(error)]);
await chaos.end().catch(() => {});
if (!isStopped) tellEnd();

function tellEnd(): never {
  for (const finding of findings) console.log(`NOT WHOLE: ${toOneLine(finding)}`);
  if (findings.length === 0) {
    rmSync(dataDir, { recursive: true });
    console.log('ended whole');
  } else {
    console.log(`Its files are in ${dataDir}: DATA_DIR=${dataDir} npm run explain -- <orderId>`);
    console.log(`Again: npm run chaos -- --seed ${seed} --seconds ${seconds}`);
  }
  // Customers and troubles of an interrupted play are still active.
  process.exit(findings.length === 0 ? 0 : 1);
}
