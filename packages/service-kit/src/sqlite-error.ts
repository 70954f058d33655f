/** What went wrong in SQLite, by its primary result code. */
const BUSY = 5;
const IOERR = 10;
const FULL = 13;
const CANTOPEN = 14;
/** IOERR, CORRUPT, FULL, CANTOPEN, NOTADB: nothing written on this handle can be trusted any more. */
const BROKEN: ReadonlySet<number> = new Set([IOERR, 11, FULL, CANTOPEN, 26]);

const codeOf = (error: unknown): number | undefined => {
  if (!(error instanceof Error) || !('errcode' in error)) return undefined;
  // The low byte is the primary code; the rest says more of the same.
  return typeof error.errcode === 'number' ? error.errcode & 0xff : undefined;
};

export const isStoreBusy = (error: unknown): boolean => codeOf(error) === BUSY;

export const isStoreBroken = (error: unknown): boolean => {
  const code = codeOf(error);
  return code !== undefined && BROKEN.has(code);
};

const TOO_MANY_OPEN: ReadonlySet<unknown> = new Set(['EMFILE', 'ENFILE']);

/** No descriptor was left for it, or its folder may not be written to: nothing is said of what it holds. */
export const isNotOpened = (error: unknown): boolean =>
  codeOf(error) === CANTOPEN ||
  (error instanceof Error && 'code' in error && TOO_MANY_OPEN.has(error.code));

const DISK_ERRORS: ReadonlySet<unknown> = new Set(['ENOSPC', 'EDQUOT', 'EIO']);

/** Full, or failing: nothing is said of the file, and without a change to it all may be well later. */
export const isDiskFailing = (error: unknown): boolean => {
  const code = codeOf(error);
  if (code !== undefined) return code === IOERR || code === FULL;
  return error instanceof Error && 'code' in error && DISK_ERRORS.has(error.code);
};
