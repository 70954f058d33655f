/**
 * The lines of a log on their way out: as a rule to a pipe that another process reads.
 *
 * 1. Nobody waits for the reader. Lines without room are kept; beyond `keptMaxBytes` the oldest are dropped.
 * 2. Lines keep their order, and none is torn. Where some were dropped, a line says how many.
 * 3. A line with room has left before `write` returns, so that no end of the process takes it along. Kept lines are
 *    written at the end, if the reader takes them within `lastWordsMaxMs`.
 */
export interface LogLinesOptions {
  /** Writes as much as there is room for, and returns how many bytes that was. It never waits. */
  readonly take: (bytes: Buffer) => number;
  readonly toNotice: (dropped: number) => string;
}

export interface LogLines {
  readonly write: (line: string) => void;
}

const keptMaxBytes = 1_048_576;
const retryMs = 20;
/** A live reader takes all in a few of these. */
const lastWordsRetryMs = 1;
const lastWordsMaxMs = 1_000;
const nobodyWakes = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));

export function createLogLines({ take, toNotice }: LogLinesOptions): LogLines {
  /** The rest of the next line. A part of the line may have left, so the rest is never dropped. */
  let front: Buffer = Buffer.alloc(0);
  /** Dropped lines, all older than the kept ones. */
  let dropped = 0;
  const kept: Buffer[] = [];
  let keptBytes = 0;
  let retry: NodeJS.Timeout | undefined;
  let hasLastWords = false;

  const shift = (): Buffer | undefined => {
    const line = kept.shift();
    keptBytes -= line?.length ?? 0;
    return line;
  };
  const takeNext = (): Buffer | undefined => {
    if (dropped === 0) return shift();
    const notice = Buffer.from(toNotice(dropped));
    dropped = 0;
    return notice;
  };
  /** True when nothing is left. */
  const drain = (): boolean => {
    for (let next: Buffer | undefined = front; next !== undefined; next = takeNext()) {
      front = next;
      while (front.length > 0) {
        const taken = take(front);
        if (taken === 0) return false;
        front = front.subarray(taken);
      }
    }
    return true;
  };
  const sayLastWords = (): void => {
    const endMs = performance.now() + lastWordsMaxMs;
    while (!drain() && performance.now() < endMs) Atomics.wait(nobodyWakes, 0, 0, lastWordsRetryMs);
  };
  const settle = (): void => {
    retry = drain() ? undefined : setTimeout(settle, retryMs).unref();
    if (retry === undefined || hasLastWords) return;
    hasLastWords = true;
    process.once('exit', sayLastWords);
  };
  return {
    write: (text) => {
      const line = Buffer.from(text);
      kept.push(line);
      keptBytes += line.length;
      if (retry === undefined) settle();
      while (keptBytes > keptMaxBytes && shift() !== undefined) dropped += 1;
    },
  };
}
