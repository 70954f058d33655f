import { createHash } from 'node:crypto';
import { createRunId as createNewId } from '@baton/saga';
import type { Workflow } from '../workflow.ts';

/**
 * 128 bits: new ones, or, with an Idempotency-Key, the hash of the key and whose it is, so that the same key of two
 * owners is two runs, and the same key of one owner finds its run again.
 */
export function createRunId(
  { idPrefix, toKeyOwner }: Workflow,
  input: unknown,
  idempotencyKey: string | undefined,
): string {
  if (idempotencyKey === undefined) return createNewId(idPrefix);
  return `${idPrefix}${hash([toKeyOwner?.(input) ?? '', idempotencyKey]).slice(0, 32)}`;
}

/** Two submissions under one key are the same when their fingerprints are. */
export const toFingerprint = ({ toFingerprint: toOwn }: Workflow, input: unknown): string =>
  toOwn?.(input) ?? hash([JSON.stringify(input)]);

/** As JSON, so that no two lists of texts run together into one. */
export const hash = (parts: readonly string[]): string =>
  createHash('sha256').update(JSON.stringify(parts)).digest('hex');
