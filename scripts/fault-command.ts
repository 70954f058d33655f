/** The words of `npm run fault`, and what they do to the faults file. Services read it at each call. */
import { setTimeout as wait } from 'node:timers/promises';
import { type ParseArgsConfig, parseArgs } from 'node:util';
import {
  type Fault,
  FaultOperation,
  type FaultState,
  faultableOperations,
  faultKinds,
} from '../packages/contracts/src/index.ts';
import { createFaultFile, type FaultFile } from '../packages/faults/src/fault-file.ts';
import { scheduleFaults } from '../packages/faults/src/fault-schedule.ts';
import { describeNoOperation, readFaultWords } from '../packages/faults/src/fault-words.ts';
import { findFaultsFile, readServiceEnv } from '../packages/service-kit/src/env.ts';

const usageText = `npm run fault                                  what is on
npm run fault -- OPERATION KIND [options]      switch a fault on
npm run fault -- off [OPERATION]               switch one off, or all
npm run fault -- random [--seed N] [--for 60s] faults that come and go

Operations  ${faultableOperations.join(', ')}
Kinds       ${faultKinds.join(', ')}
Scope       --order ord_1  --times 2  --fraction 0.3  --for 60s
How         --ms 800  --status 503  --retry-after 2  --when before|after  --code out-of-stock`;

const options = {
  order: { type: 'string' },
  times: { type: 'string' },
  fraction: { type: 'string' },
  for: { type: 'string' },
  ms: { type: 'string' },
  status: { type: 'string' },
  'retry-after': { type: 'string' },
  when: { type: 'string' },
  code: { type: 'string' },
  seed: { type: 'string' },
  help: { type: 'boolean' },
} as const satisfies ParseArgsConfig['options'];

/** A word is not known: the message has one line, with the known words. */
export class Slip extends Error {}

function readWords(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true });
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    const names = Object.keys(options).map((name) => `--${name}`);
    throw new Slip(`${error.message.split(/\.\s/)[0]}: there are ${names.join(', ')}`);
  }
}
type Values = ReturnType<typeof readWords>['values'];

const unitsMs: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

const durationMaxMs = 24 * 3_600_000;

function readDurationMs(text: string): number {
  const [, amount, unit = 's'] = /^(\d{1,9})(ms|s|m|h)?$/.exec(text) ?? [];
  const durationMs = Number(amount) * (unitsMs[unit] ?? 1);
  if (durationMs <= durationMaxMs) return durationMs;
  throw new Slip(`--for ${text}: a time is 500ms, 60s, 5m or 1h, and at most 24h`);
}

function readOperation(text: string): FaultOperation {
  const operation = FaultOperation.safeParse(text);
  if (operation.success) return operation.data;
  throw new Slip(`${describeNoOperation(text)}, or off, random`);
}

/** Texts that are numbers become numbers; the contract checks them. */
const toValue = (text: string): string | number =>
  text.trim() !== '' && Number.isFinite(Number(text)) ? Number(text) : text;

function readFault(operation: FaultOperation, kind: string | undefined, values: Values): Fault {
  const { for: duration, 'retry-after': retryAfter, help: _help, seed: _seed, ...rest } = values;
  const given = Object.entries({ ...rest, retryAfter }).flatMap(
    ([name, text]): [string, string | number][] =>
      text === undefined ? [] : [[name, toValue(String(text))]],
  );
  const until = duration && new Date(Date.now() + readDurationMs(duration)).toISOString();
  const settings = { ...Object.fromEntries(given), ...(until && { until }) };
  const toName = (name: string) => (name === 'retryAfter' ? '--retry-after' : `--${name}`);
  const read = readFaultWords({ operation, kind, settings, toName });
  if ('slip' in read) throw new Slip(read.slip);
  return read.fault;
}

function toLine({ operation, fault, hits }: FaultState): string {
  if (fault === null) return `${operation.padEnd(26)}off`;
  const scope = ['kind', 'times', 'fraction', 'order', 'until'];
  const settings = Object.entries(fault).flatMap(([name, value]) =>
    scope.includes(name) ? [] : [`${name}=${String(value)}`],
  );
  const what = [fault.kind, ...settings].join(' ');
  return `${operation.padEnd(26)}${what.padEnd(32)}${hits}`;
}

function switchOff(file: FaultFile, operation: string | undefined): string {
  if (operation !== undefined) return toLine(file.clear(readOperation(operation)));
  file.clearAll();
  return 'All faults are off.';
}

type Play = Pick<FaultCommand, 'say' | 'stopped'> & { readonly values: Values };

async function playRandom(file: FaultFile, { values, say, stopped }: Play): Promise<void> {
  const seed = Number(values.seed ?? Math.floor(Math.random() * 1_000_000));
  if (!Number.isSafeInteger(seed))
    throw new Slip(`--seed ${values.seed}: a seed is a whole number`);
  const over = values.for ? AbortSignal.timeout(readDurationMs(values.for)) : stopped;
  const signal = AbortSignal.any([stopped, over]);
  say(`Seed ${seed}. Ctrl-C ends it.`);
  try {
    for (const { afterMs, operation, fault } of scheduleFaults(seed)) {
      await wait(afterMs, undefined, { signal });
      say(toLine(fault ? file.set(operation, fault) : file.clear(operation)));
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    say(switchOff(file, undefined));
  }
}

/** The file's path by the services' own rules; their other settings are not read here. */
function findFile({ NODE_ENV, FAULTS, FAULTS_FILE, DATA_DIR, ...env }: FaultCommand['env']) {
  const { HOST, OPERATOR_TOKEN } = env;
  const source = { NODE_ENV, FAULTS, FAULTS_FILE, DATA_DIR, HOST, OPERATOR_TOKEN };
  const file = findFaultsFile(readServiceEnv({ port: 0, shape: {} }, source));
  if (file !== undefined) return file;
  throw new Slip(
    'There are no faults in production, nor with FAULTS=off; with a HOST that other machines reach, FAULTS=on asks for them',
  );
}

export interface FaultCommand {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly say: (text: string) => void;
  /** Ends random faults. */
  readonly stopped: AbortSignal;
}

/** Throws a Slip when the words are wrong, with the right ones. */
export async function runFault({ args, env, say, stopped }: FaultCommand): Promise<void> {
  const { values, positionals } = readWords(args);
  const [word, second, ...others] = positionals;
  if (values.help) return say(usageText);
  if (others.length > 0) throw new Slip(`Too many words: ${others.join(' ')}; --help says which`);
  const file = createFaultFile(findFile(env));
  if (word === undefined) return say(file.list().map(toLine).join('\n'));
  if (word === 'off') return say(switchOff(file, second));
  if (word === 'random') return playRandom(file, { values, say, stopped });
  const operation = readOperation(word);
  say(toLine(file.set(operation, readFault(operation, second, values))));
}
