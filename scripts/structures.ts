/** The steps of each version of the workflow, written down once, so that nobody changes them under orders in flight. */
import { readFileSync, writeFileSync } from 'node:fs';
import { mapParticipants } from '@baton/contracts';
import { createOrderSagas } from '@baton/orchestrator';
import { createParticipants } from '@baton/runtime';

const file = new URL('../apps/orchestrator/src/place-order/structures.json', import.meta.url);

/** Keeps structures that are written already: a test finds a version that differs. Throws a RangeError where versions are misnumbered. */
export function readStructures(): Readonly<Record<string, string>> {
  const recorded: Readonly<Record<string, string>> = JSON.parse(readFileSync(file, 'utf8'));
  // Only the plans are read, so no participant need be at these addresses.
  const sagas = createOrderSagas(createParticipants(mapParticipants(() => 'http://127.0.0.1:1')));
  const found = sagas.map(({ version, structure }) => [`v${version}`, structure] as const);
  const all = { ...Object.fromEntries(found), ...recorded };
  checkNumbers(Object.keys(all).map(toNumber));
  return Object.fromEntries(Object.entries(all).sort(([a], [b]) => toNumber(a) - toNumber(b)));
}

export function recordStructures(): void {
  writeFileSync(file, `${JSON.stringify(readStructures(), null, 2)}\n`);
}

const toNumber = (version: string): number => Number(version.slice(1));

/** Structures of all versions that ever were, with and without a file. */
export function checkNumbers(versions: readonly number[]): void {
  const newest = Math.max(...versions);
  const missing = versions.map((_, index) => index + 1).find((n) => !versions.includes(n));
  if (missing === undefined) return;
  throw new RangeError(
    `place-order has a version ${newest}, but there never was a version ${missing}: name the file v${missing}.ts, and write "version: ${missing}" in it`,
  );
}
