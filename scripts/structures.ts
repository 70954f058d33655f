/** The steps of each version of the workflow, written down once, so that nobody changes them under orders in flight. */
import { readFileSync, writeFileSync } from 'node:fs';
import { mapParticipants } from '@baton/contracts';
import { createOrderSagas } from '@baton/orchestrator';
import { createParticipants } from '@baton/runtime';

const file = new URL('../apps/orchestrator/src/place-order/structures.json', import.meta.url);

/** What is written down already stays: a test says where a version differs from it. */
export function recordStructures(): void {
  const recorded: Readonly<Record<string, string>> = JSON.parse(readFileSync(file, 'utf8'));
  // Only their plans are asked, so nobody need be at these addresses.
  const sagas = createOrderSagas(createParticipants(mapParticipants(() => 'http://127.0.0.1:1')));
  const found = sagas.map(({ version, structure }) => [`v${version}`, structure] as const);
  const all = { ...Object.fromEntries(found.toReversed()), ...recorded };
  const sorted = Object.entries(all).sort(([a], [b]) => Number(a.slice(1)) - Number(b.slice(1)));
  writeFileSync(file, `${JSON.stringify(Object.fromEntries(sorted), null, 2)}\n`);
}
