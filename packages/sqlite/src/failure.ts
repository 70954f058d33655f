/** What went wrong at a file, by SQLite's primary result code or the system's code. file-error.ts says what to do. */
const busy = 5;
const ioError = 10;
const corrupt = 11;
const full = 13;
const notOpened = 14;
const notADatabase = 26;

/** Another connection holds the file. */
export function isBusy(error: unknown): boolean {
  return hasCode(error, [busy]);
}

/** Full, or failing: this says nothing about the file, and all may be well later. */
export function isDiskFailing(error: unknown): boolean {
  return hasCode(error, [ioError, full], ['ENOSPC', 'EDQUOT', 'EIO']);
}

/** No descriptor was left, or the folder may not be written to: this says nothing about what the file holds. */
export function isNotOpened(error: unknown): boolean {
  return hasCode(error, [notOpened], ['EMFILE', 'ENFILE']);
}

export function isDamaged(error: unknown): boolean {
  return hasCode(error, [corrupt, notADatabase]);
}

/** SQLite has stored nothing of the transaction, and knows it: the next one may work. */
export function isFull(error: unknown): boolean {
  return hasCode(error, [full]);
}

/** Nothing that is written on this handle can be trusted any more: after a failed flush, later commits would seem to succeed. */
export function isBroken(error: unknown): boolean {
  return hasCode(error, [ioError, corrupt, notOpened, notADatabase]);
}

export function toReason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function hasCode(error: unknown, sqlite: readonly number[], system: readonly unknown[] = []) {
  if (!(error instanceof Error)) return false;
  // Extended codes carry the primary one in their lowest byte.
  if ('errcode' in error && typeof error.errcode === 'number')
    return sqlite.includes(error.errcode & 0xff);
  return 'code' in error && system.includes(error.code);
}
