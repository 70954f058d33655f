import { randomBytes } from 'node:crypto';
import type { Submission } from './engine.ts';
import type { StoredSubmission } from './journal.ts';

/** 128 random bits: nobody guesses one, and none comes twice. */
export const createRunId = (): string => `run_${randomBytes(16).toString('hex')}`;

/** The same id asked for the same, or for something else. */
export const toKnown = (id: string, known: StoredSubmission, fingerprint: string): Submission =>
  known.fingerprint === fingerprint
    ? { type: 'known', id, prunedAs: known.prunedAs }
    : { type: 'conflict', id };
