/** How far the journal was sent to the collector, over restarts. Losing it costs sending the same once more. */
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import type { Clock, Position } from '@baton/saga';
import type { Log } from '@baton/telemetry';

export interface TraceCursor {
  /** The position of the last event whose spans arrived; undefined when nothing is known. */
  readonly read: () => Position | undefined;
  readonly write: (position: Position) => void;
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
  if (path === undefined) return { read: () => undefined, write: () => {}, close: () => {} };
  let latest: Position | null = null;
  let isFailing = false;
  let hasClosed = false;
  let cancelTimer: (() => void) | null = null;
  const save = (): void => {
    cancelTimer?.();
    cancelTimer = null;
    if (latest === null) return;
    try {
      writeFileSync(`${path}.new`, latest, { mode: 0o600 });
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

function readPosition(path: string): Position | undefined {
  try {
    return readFileSync(path, 'utf8') || undefined;
  } catch {
    return undefined;
  }
}
