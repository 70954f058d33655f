/** Words for numbers, times and states. Pure. */
import type { RunStatus } from '@baton/contracts';

type Status = RunStatus;

/** Tones have a colour each; the word beside says the same. */
export type Tone = 'good' | 'busy' | 'wait' | 'bad' | 'back' | 'idle';

export const statusWords: Readonly<Record<Status, readonly [word: string, tone: Tone]>> = {
  accepted: ['accepted', 'busy'],
  running: ['under way', 'busy'],
  compensating: ['being undone', 'back'],
  stuck: ['may need an operator', 'bad'],
  completed: ['completed', 'good'],
  compensated: ['undone', 'back'],
};

export const statuses = Object.keys(statusWords) as readonly Status[];

export const isSettled = (status: Status): boolean =>
  status === 'completed' || status === 'compensated';

export function toDuration(ms: number): string {
  if (ms < 1_000) return `${Math.max(0, Math.round(ms))} ms`;
  if (ms < 60_000) return `${(ms / 1_000).toFixed(1)} s`;
  if (ms < 3_600_000) return `${Math.floor(ms / 60_000)} min ${Math.floor((ms / 1_000) % 60)} s`;
  return `${Math.floor(ms / 3_600_000)} h ${Math.floor((ms / 60_000) % 60)} min`;
}

/** `in 3.2 s`, or `now`. */
export const toCountdown = (ms: number): string => (ms <= 0 ? 'now' : `in ${toDuration(ms)}`);

export const toClock = (ms: number): string =>
  new Date(ms).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit', second: '2-digit' });

/** Instants in what the orchestrator wrote, as this page shows times. */
export const toLocalTimes = (text: string): string =>
  text.replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, (at) => toClock(Date.parse(at)));

const isMoney = (value: unknown): value is { amountMinor: number; currency: string } =>
  typeof value === 'object' && value !== null && 'amountMinor' in value && 'currency' in value;

/** Amounts are exact: whole hundredths, never rounded. */
export function toMoney(amountMinor: number, currency: string): string {
  const sign = amountMinor < 0 ? '−' : '';
  const minor = Math.abs(amountMinor);
  return `${sign}${Math.floor(minor / 100)}.${String(minor % 100).padStart(2, '0')} ${currency}`;
}

const toValue = (value: unknown): string =>
  isMoney(value) ? toMoney(value.amountMinor, value.currency) : String(value);

/** What a step answered: amounts and ids. */
export const toResultWords = (result: Readonly<Record<string, unknown>> = {}): string =>
  Object.values(result)
    .filter((value) => isMoney(value) || typeof value !== 'object')
    .map(toValue)
    .join(' · ');

export const plural = (count: number, one: string, many = `${one}s`): string =>
  `${count.toLocaleString()} ${count === 1 ? one : many}`;

/** `ord_5f1b2c3d…`: enough to tell runs apart at a glance. */
export const toShortId = (id: string): string => (id.length > 14 ? `${id.slice(0, 12)}…` : id);
