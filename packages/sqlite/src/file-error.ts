/**
 * Why a file cannot be used, or not now, and what to do about it.
 *
 * 1. Every message names the file, or its disk, and the way out, for the program's operator.
 * 2. An error that may pass differs from an error that needs an operator: nobody restores a file that was busy.
 */
import { dirname } from 'node:path';
import { isBusy, isDamaged, isDiskFailing, isNotOpened, toReason } from './failure.ts';

export type FileErrorCode =
  | 'held'
  | 'corrupt'
  | 'foreign'
  | 'newer'
  | 'not-migrated'
  | 'unreadable'
  | 'not-opened'
  | 'disk-failing'
  | 'busy'
  | 'old-sqlite'
  | 'not-durable'
  | 'removed';

export class FileError extends Error {
  readonly code: FileErrorCode;

  constructor(code: FileErrorCode, message: string) {
    super(message);
    this.name = 'FileError';
    this.code = code;
  }

  /** The error may pass by itself. Others need an operator. */
  get isPassing(): boolean {
    return ['disk-failing', 'busy', 'not-opened', 'removed'].includes(this.code);
  }
}

/** For tests: a file that is durable in nothing. */
export const inMemory = ':memory:';

/** A file, and what its owner calls it: `journal`, `data file`. */
export interface Place {
  readonly path: string;
  readonly noun: string;
}

/** Undefined for an error that will not pass by itself. */
export function toPassing({ path, noun }: Place, error: unknown): FileError | undefined {
  if (isBusy(error))
    return new FileError(
      'busy',
      `The ${noun} ${path} is held by another program, such as a database shell or a backup: close that one, and start again. Nothing needs to be restored.`,
    );
  if (isDiskFailing(error))
    return new FileError(
      'disk-failing',
      `The disk of ${dirname(path)} is full or fails (${toReason(error)}): make room there or mend it, and start again.`,
    );
  if (isNotOpened(error))
    return new FileError(
      'not-opened',
      `The ${noun} ${path}, or a file that SQLite keeps beside it, cannot be opened (${toReason(error)}): let this user write to that folder, or raise the limit of open files (ulimit -n), and start again. Nothing needs to be restored.`,
    );
  return undefined;
}

export function toFileError(place: Place, error: unknown): FileError {
  if (error instanceof FileError) return error;
  if (isDamaged(error)) return toCorrupt(place, toReason(error));
  return (
    toPassing(place, error) ??
    new FileError(
      'unreadable',
      `The ${place.noun} ${place.path} cannot be used (${toReason(error)}): check that this user may read and write it, and its folder.`,
    )
  );
}

export function toCorrupt({ path, noun }: Place, reason: string): FileError {
  return new FileError(
    'corrupt',
    `The ${noun} ${path} is damaged (${reason.replaceAll(/\s+/g, ' ')}). It was left as it is: restore it from a backup, or move it away to begin with an empty one.`,
  );
}
