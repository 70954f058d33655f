/** Checks arguments from plain JavaScript: a wrong one is refused by name, before anything is stored. */
import { randomBytes } from 'node:crypto';
import { endlessMs } from '../core/rest.ts';
import { statuses } from '../core/status.ts';
import { isPlain, toStored } from '../core/stored.ts';
import type { ListQuery, Notice } from '../journal/journal.ts';
import type { EngineOptions, SubmitOptions } from './engine.ts';

/** 80 random bits, which nobody guesses. The time before them keeps new runs together, on few pages of each index. */
export function createRunId(prefix = 'run_'): string {
  const time = Date.now().toString(16).padStart(12, '0');
  return `${prefix}${time}${randomBytes(10).toString('hex')}`;
}

type Rule = readonly [says: string, isMet: (value: unknown) => boolean];

const textMax = 8_192;
/** Half a character would come back from the disk as another one. */
export const text: Rule = [
  `a text of at most ${textMax} characters`,
  (value) => typeof value === 'string' && value.length <= textMax && value.isWellFormed(),
];
/** Idempotency keys begin with the id, and travel in a header, which loses a space in front. */
const runId: Rule = [
  'a text of 1 to 200 printable ASCII characters, the first of them no space',
  (value) => typeof value === 'string' && /^[\x21-\x7e][\x20-\x7e]{0,199}$/.test(value),
];
export const count: Rule = [
  'a whole number from 0',
  (value) => Number.isSafeInteger(value) && Number(value) >= 0,
];
export const flag: Rule = ['true or false', (value) => typeof value === 'boolean'];
export const callable: Rule = ['a function', (value) => typeof value === 'function'];
const record: Rule = ['a plain object', (value) => isPlain(value) && !Array.isArray(value)];
const sagaList: Rule = [
  'a list of what saga(…) … .end() returned',
  (value) => Array.isArray(value) && value.every((saga) => Array.isArray(saga?.plan)),
];
const between = (min: number, max = Number.POSITIVE_INFINITY): Rule => [
  `a number from ${min} to ${max}`,
  (value) => typeof value === 'number' && value >= min && value <= max,
];
const oneOf = (words: readonly string[]): Rule => [
  `one of ${words.join(', ')}`,
  (value) => words.some((word) => word === value),
];

/** Throws a TypeError that names the argument and what it must be. */
export function check(given: Readonly<Record<string, unknown>>, [says, isMet]: Rule): void {
  for (const [name, value] of Object.entries(given))
    if (!isMet(value)) throw new TypeError(`${name} must be ${says}`);
}

export function readSubmitOptions(options: SubmitOptions): Required<SubmitOptions> {
  check({ options }, record);
  const { id = createRunId(), fingerprint = '', context = {} } = options;
  check({ id }, runId);
  check({ fingerprint }, text);
  check({ context }, record);
  check(context, text);
  check({ 'all of context': Object.entries(context).flat().join(' ') }, text);
  return { id, fingerprint, context: { ...context } };
}

export function checkQuery(query: ListQuery): void {
  check({ query }, record);
  const { status = 'open', limit, before = 0, oldestFirst = false } = query;
  check({ status }, oneOf(['open', 'owing', ...statuses]));
  check({ limit, before }, count);
  check({ oldestFirst }, flag);
}

export function toNotice(notice: Notice): Notice {
  check({ notice }, record);
  check({ at: notice.at }, between(0));
  return { ...Object(toStored(notice, 'notice')), at: notice.at };
}

export function checkOptions(options: EngineOptions): void {
  const { journal, sagas, carry, random, onBug, onError, onPruned, clock } = options;
  const { isBlameless = false } = options;
  const { concurrencyMax = 1, callsMax = 1, drainPerSecond = 1, openMax = 0, keepMs = 0 } = options;
  check({ sagas }, sagaList);
  const keys = sagas.map(({ name, version }) => `${name}@${version}`);
  const twice = keys.find((key, index) => keys.indexOf(key) < index);
  if (twice) throw new RangeError(`${twice} is registered twice`);
  check({ concurrencyMax, callsMax }, between(1));
  check({ drainPerSecond }, between(1, 1_000_000));
  check({ openMax, keepMs }, between(0));
  check({ isBlameless }, flag);
  for (const [name, value] of Object.entries({ carry, random, onBug, onError, onPruned }))
    if (value !== undefined) check({ [name]: value }, callable);
  if (clock !== undefined) {
    check({ clock: clock?.now, 'clock.setTimer': clock?.setTimer }, callable);
    check({ 'clock.now()': clock.now() }, between(0, endlessMs));
  }
  check({ journal: journal?.append }, callable);
}
