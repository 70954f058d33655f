/**
 * Says which Node the engine needs, where it is started on an older one. It is imported before all else, and imports nothing.
 *
 * 1. It must be heard: Node looks for every module that is imported before it evaluates the first one. So nothing of the
 *    engine imports what an old Node lacks, such as node:sqlite.
 */

/** The first whose SQLite loses no commit. */
export const nodeOldest = '24.15';

const [oldestMajor = 0, oldestMinor = 0] = nodeOldest.split('.').map(Number);
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < oldestMajor || (major === oldestMajor && minor < oldestMinor))
  throw new Error(
    `@baton/saga needs Node ${nodeOldest} or newer (this is ${process.version}): older versions lack SQLite, or theirs can lose a commit. Install a newer one: https://nodejs.org`,
  );
