export { readCell, readNumber, readText } from './cell.ts';
export { type DurableFile, openFile, openForReading, readVersion } from './durable-file.ts';
export { isBroken, isBusy, isDiskFailing, isFull, toReason } from './failure.ts';
export { FileCare } from './file-care.ts';
export { FileError, type FileErrorCode, toPassing } from './file-error.ts';
export { isLockedElsewhere, isLost, releaseLock, tryLock } from './lock.ts';
export { runPart, transact } from './transaction.ts';
