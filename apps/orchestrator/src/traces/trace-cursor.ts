/** How far the journal was sent to the collector, over restarts. Losing it costs sending the same once more. */
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import type { Clock } from '@baton/saga';
import type { Log } from '@baton/telemetry';

export interface TraceCursor {
  /** The position of the last event whose spans arrived; 0 when nothing is known. */
  readonly read: () => number;
  readonly write: (position: number) => void;
  /** Writes what was not written yet, and nothing afterwards. */
  readonly close: () => void;
}

/** Written no more often: a restart sends what was sent since then once more. */
const writeMs = 1_000;

/** Without a path nothing is remembered. */
export function createTraceCursor(
  path: string | undefined,
  clock: Clock,
  log: Pick<Log, 'warn'>,
): TraceCursor {
  if (path === undefined) return { read: () => 0, write: () => {}, close: () => {} };
  let latest: number | null = null;
  let isFailing = false;
  let hasClosed = false;
  let cancelTimer: (() => void) | null = null;
  const save = (): void => {
    cancelTimer?.();
    cancelTimer = null;
    if (latest === null) return;
    try {
      writeFileSync(`${path}.new`, String(latest), { mode: 0o600 });
      renameSync(`${path}.new`, path);
      latest = null;
      isFailing = false;
    } catch (error) {
      // Said once: it is tried again each second.
      if (!isFailing)
        log.warn(
          { err: error },
          'how far traces were sent could not be written; they are sent again',
        );
      isFailing = true;
    }
  };
  return {
    read: () => readPosition(path),
    write: (position) => {
      if (hasClosed) return;
      latest = position;
      cancelTimer ??= clock.setTimer(writeMs, save);
    },
    close: () => {
      hasClosed = true;
      save();
    },
  };
}

function readPosition(path: string): number {
  try {
    const text = readFileSync(path, 'utf8');
    return /^\d{1,15}$/.test(text) ? Number(text) : 0;
  } catch {
    return 0;
  }
}
