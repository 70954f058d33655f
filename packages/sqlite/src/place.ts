/** Which file a name leads to. It opens none: closing a descriptor would drop this process's locks on the file. */
import { statSync } from 'node:fs';
import { FileError, type Place } from './file-error.ts';

/** The files that this process opened last under these names, as they were when it opened them. */
export const opened = new Map<string, string | undefined>();

/** The file that a name leads to, as long as anybody has it open; undefined where there is none. */
export function identify(path: string): string | undefined {
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats && `${stats.dev}:${stats.ino}`;
}

export function toRemoved({ noun, path }: Place): FileError {
  return new FileError(
    'removed',
    `The ${noun} ${path} was removed or replaced while it was in use: what is written to it now would be lost. Put it back if you moved it, and start again.`,
  );
}
