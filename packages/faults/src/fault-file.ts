/**
 * The faults file: flagd's format, replaced as a whole by rename, so that a reader never sees half of it. Two writers
 * at the same moment: the later one wins.
 */
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import {
  type Fault,
  type FaultOperation,
  type FaultState,
  faultableOperations,
} from '@baton/contracts';
import { z } from 'zod';
import { describeHits, Flag, readFlag, toFlag } from './flag.ts';
import { toFlagdCore } from './flagd-core.ts';

const Flags = z.looseObject({ flags: z.record(z.string(), Flag) });
type Flags = z.infer<typeof Flags>;

const schema = 'https://flagd.dev/schema/v0/flags.json';
export const noFaults = '{"flags":{}}';

/** The file is there, and is no faults file. */
export class UnreadableFaults extends Error {
  override readonly name = 'UnreadableFaults';
}

/** The file cannot be read or written, such as where a folder stands: writing it anew does not mend that. */
export class UnusableFaults extends Error {
  override readonly name = 'UnusableFaults';
}

const readCode = (error: unknown): string =>
  error instanceof Error && 'code' in error ? String(error.code) : String(error);

const toUnusable = (error: unknown, path: string, done: string): UnusableFaults =>
  new UnusableFaults(
    readCode(error) === 'EISDIR'
      ? `${path} is a folder, and no file of faults`
      : `${path} cannot be ${done} (${readCode(error)})`,
  );

/** A file that is not there has no faults in it. */
export function readFaultText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (readCode(error) === 'ENOENT') return noFaults;
    throw toUnusable(error, path, 'read');
  }
}

/** Throws UnreadableFaults, saying what is wrong where. */
export function parseFaults(text: string, path: string): Flags {
  const flags = Flags.safeParse(attempt(() => JSON.parse(text), `${path} is not JSON`));
  if (!flags.success) {
    const [issue] = flags.error.issues;
    throw new UnreadableFaults(
      `${path} holds no faults: ${issue?.path.join('.')} ${issue?.message}`,
    );
  }
  attempt(() => toFlagdCore(text), `${path} breaks flagd's schema`);
  return flags.data;
}

/** Libraries say a lot about a bad file; the position is enough. */
function attempt<T>(read: () => T, message: string): T {
  try {
    return read();
  } catch {
    throw new UnreadableFaults(message);
  }
}

function write(path: string, flags: Flags['flags']): void {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    replaceFile(path, JSON.stringify({ $schema: schema, flags }, null, 2));
  } catch (error) {
    throw toUnusable(error, path, 'written');
  }
}

function replaceFile(path: string, text: string): void {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    writeFileSync(temporary, `${text}\n`, { mode: 0o600 });
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

function toState(operation: string, flag: Flag | undefined, nowMs: number): FaultState {
  const read = flag && readFlag(flag, nowMs);
  if (!read) return { operation, fault: null, hits: null };
  const hits = read.custom
    ? 'as its targeting says, which was written by hand'
    : describeHits(read.fault);
  return { operation, fault: read.fault, hits };
}

export interface FaultFile {
  /** Every operation that can be broken; throws UnreadableFaults, as `set` and `clear` do, and all UnusableFaults. */
  readonly list: () => readonly FaultState[];
  readonly set: (operation: FaultOperation, fault: Fault) => FaultState;
  readonly clear: (operation: FaultOperation) => FaultState;
  /** Also mends a file that cannot be read. */
  readonly clearAll: () => void;
}

export function createFaultFile(path: string, now: () => number = Date.now): FaultFile {
  const read = (): Flags['flags'] => parseFaults(readFaultText(path), path).flags;
  return {
    list: () => {
      const flags = read();
      return faultableOperations.map((operation) => toState(operation, flags[operation], now()));
    },
    set: (operation, fault) => {
      const flag = toFlag(fault);
      write(path, { ...read(), [operation]: flag });
      return toState(operation, flag, now());
    },
    clear: (operation) => {
      const { [operation]: _cleared, ...others } = read();
      write(path, others);
      return toState(operation, undefined, now());
    },
    clearAll: () => write(path, {}),
  };
}
