/**
 * The lines of a log on their way out: to a pipe, as a rule, that somebody should read.
 *
 * 1. Nobody waits for the reader. What finds no room is kept, and of more than `keptMaxBytes` the oldest lines are dropped.
 * 2. Lines keep their order, and none is torn. Where some were dropped, a line says how many.
 * 3. What finds room has left before `write` returns, so that no end of the process takes it along. What is kept is written at the
 *    end, to a reader that takes it within `lastWordsMaxMs`.
 */
export interface LogLinesOptions {
  /** Writes what there is room for, and says how many bytes that was. It never waits. */
  readonly take: (bytes: Buffer) => number;
  readonly toNotice: (dropped: number) => string;
}

export interface LogLines {
  readonly write: (line: string) => void;
}

const keptMaxBytes = 1_048_576;
const retryMs = 20;
/** A reader that is there takes all of it in a few of these. */
const lastWordsRetryMs = 1;
const lastWordsMaxMs = 1_000;
const nobodyWakes = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));

export function createLogLines({ take, toNotice }: LogLinesOptions): LogLines {
  /** What is left of the line that goes next. It may have left in part, so it is never dropped. */
  let front: Buffer = Buffer.alloc(0);
  /** All of them older than what is kept. */
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
