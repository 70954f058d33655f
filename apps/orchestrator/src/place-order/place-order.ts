/**
 * The versions of the workflow: each file `v<number>.ts` of this folder is one. New orders follow the newest; an older
 * one stays for as long as orders follow it (`baton_orders_open_by_version` says whether any do).
 */
import { readdirSync } from 'node:fs';
import type { PlaceOrder } from '@baton/contracts';
import type { Saga } from '@baton/saga';
import type { Participants } from '../participants.ts';

type CreateSaga = (participants: Participants) => Saga<PlaceOrder>;

const toVersion = (file: string): number => Number(/^v(\d+)\.ts$/.exec(file)?.[1]);

const files = readdirSync(import.meta.dirname)
  .filter((file) => toVersion(file) > 0)
  .sort((a, b) => toVersion(b) - toVersion(a));

const versions: readonly CreateSaga[] = await Promise.all(
  files.map(async (file) => (await import(`./${file}`)).default),
);

/** The newest first. */
export function createOrderSagas(
  participants: Participants,
): readonly [newest: Saga<PlaceOrder>, ...older: Saga<PlaceOrder>[]] {
  const [newest, ...older] = versions.map((create) => create(participants));
  if (!newest) throw new Error(`${import.meta.dirname} has no version of the workflow`);
  return [newest, ...older];
}

export const createOrderSaga = (participants: Participants): Saga<PlaceOrder> =>
  createOrderSagas(participants)[0];
