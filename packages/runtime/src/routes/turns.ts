/** Reading in turns: otherwise a listener would read without a pause for as long as there are events. */

/** Events that one listener reads in one turn. */
export const eventsMax = 50;

/** Listeners that read in one turn. Nobody else is answered meanwhile: for a few milliseconds. */
const readersMax = 4;

/** False once the listener has gone, or there may be nothing to read from. */
export type Turn = (signal: AbortSignal) => Promise<boolean>;

/**
 * In each turn of the event loop only a few listeners read, in the order in which they asked; none once `stopped`
 * aborts. The loop learns of a cut connection only after the journal was closed.
 */
export function createTurns(stopped: AbortSignal): Turn {
  const waiting: (() => void)[] = [];
  const next = (): void => {
    for (const read of waiting.splice(0, readersMax)) read();
    if (waiting.length > 0) setImmediate(next);
  };
  return async (signal) => {
    await new Promise<void>((resolve) => {
      if (waiting.push(resolve) === 1) setImmediate(next);
    });
    return !signal.aborted && !stopped.aborted;
  };
}
