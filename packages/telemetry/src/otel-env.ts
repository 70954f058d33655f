/**
 * `OTEL_*`, as OpenTelemetry's specification lists them. None keeps a program from starting: a variable that cannot be
 * used is named, and counts as unset.
 */
import { z } from 'zod';

export interface OtelEnv {
  /** Undefined when the variable is unset, empty or malformed. */
  readonly read: <T>(name: string, schema: z.ZodType<T>) => T | undefined;
  /** The known words of a list, each once; undefined when there is none. */
  readonly readList: <T extends string>(name: string, known: readonly T[]) => T[] | undefined;
  /** Names a variable that is not honoured, and says what is done instead. */
  readonly report: (name: string, problem: string) => void;
  /** Names each variable that is set, of those that match. */
  readonly reportEach: (names: RegExp, problem: string) => void;
  /** What was reported, and the variables that were never read. */
  readonly listProblems: () => readonly string[];
}

/** A value that may hold a key or a password is not repeated. */
const secret = /HEADERS|ENDPOINT|RESOURCE_ATTRIBUTES/;
const quotedMax = 64;
const quote = (text: string): string => JSON.stringify(text.slice(0, quotedMax));

export function createOtelEnv(source: Readonly<Record<string, string | undefined>>): OtelEnv {
  const known = new Set<string>();
  const problems = new Set<string>();
  const report = (name: string, problem: string) => void problems.add(`${name} ${problem}`);
  const find = (name: string): string | undefined => source[name]?.trim() || undefined;
  function read<T>(name: string, schema: z.ZodType<T>): T | undefined {
    known.add(name);
    const text = find(name);
    if (text === undefined) return undefined;
    const { data, error } = schema.safeParse(text);
    if (error === undefined) return data;
    const given = secret.test(name) ? '' : `, not ${quote(text)}`;
    report(name, `${error.issues[0]?.message}${given}: it counts as unset`);
    return undefined;
  }
  return {
    read,
    readList: <T extends string>(name: string, words: readonly T[]) => {
      const taken = new Set<T>();
      for (const text of read(name, z.string())?.toLowerCase().split(',') ?? []) {
        const word = words.find((it) => it === text.trim());
        if (word) taken.add(word);
        else if (text.trim()) report(name, `takes ${words.join(', ')}: ${quote(text)} is left out`);
      }
      return taken.size > 0 ? [...taken] : undefined;
    },
    report,
    reportEach: (names, problem) => {
      for (const name of Object.keys(source))
        if (names.test(name) && find(name)) report(name, problem);
    },
    listProblems: () => [
      ...problems,
      ...Object.keys(source)
        .filter((name) => name.startsWith('OTEL_') && !known.has(name) && find(name))
        .map(
          (name) =>
            `${name} is not supported: at most an SDK or instrumentation of the program's own reads it`,
        ),
    ],
  };
}

/** The specification's bound, and that of Node's timers. */
const wholeMax = 2_147_483_647;

export function Whole(min: number) {
  const message = `must be a whole number from ${min} to ${wholeMax}`;
  return z
    .string()
    .regex(/^\d{1,10}$/, { error: message, abort: true })
    .transform(Number)
    .refine((value) => value >= min && value <= wholeMax, message);
}

/** In milliseconds. By the specification, 0 is no limit. */
export const Timeout = Whole(0).transform((value) => value || wholeMax);

export const Word = <const T extends readonly [string, ...string[]]>(words: T) =>
  z
    .string()
    .toLowerCase()
    .pipe(z.enum(words, `must be one of ${words.join(', ')}`));

/** Nothing but `true` is true. */
export const Flag = Word(['true', 'false']).transform((word) => word === 'true');
