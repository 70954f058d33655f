/**
 * Notices when a name no longer leads to the file that this process has open: somebody removed or replaced the file, or
 * its folder. From then on each write succeeds, but is lost with the process.
 *
 * 1. It opens none of the files: closing a descriptor would drop this process's locks on them.
 * 2. A file that cannot be looked at for another reason says nothing about its name.
 */
import { type FileError, inMemory, type Place } from './file-error.ts';
import { heldLocks } from './lock.ts';
import { identify, opened, toRemoved } from './place.ts';

const lookEveryMs = 250;

/**
 * Watches a database, the log beside it (the latest commits stand in the log alone) with its index, and the locks that
 * this process holds. Calls back once, within a quarter of a second of the change. Returns how to stop.
 */
export function watchPlaces(
  { noun, path }: Place,
  onRemoved: (error: FileError) => void,
): () => void {
  const log = { noun: `${noun}'s write-ahead log`, path: `${path}-wal` };
  const index = { noun: `${noun}'s index of that log`, path: `${path}-shm` };
  const places = path === inMemory ? [] : [{ noun, path }, log, index, ...heldLocks()];
  // A file that is not there is gone: whoever has the database open has all of them open.
  const known = new Map(places.map(({ path }) => [path, opened.get(path) ?? identify(path) ?? '']));
  const timer = setInterval(() => {
    const removed = places.find((place) => isOther(place.path, known.get(place.path)));
    if (!removed) return;
    clearInterval(timer);
    onRemoved(toRemoved(removed));
  }, lookEveryMs).unref();
  return () => clearInterval(timer);
}

function isOther(path: string, file: string | undefined): boolean {
  try {
    return identify(path) !== file;
  } catch (error) {
    // A network disk's word for a file that was removed.
    return Object(error).code === 'ESTALE';
  }
}
