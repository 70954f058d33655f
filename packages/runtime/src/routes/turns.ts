/** Reading in turns, for listeners who would otherwise read without a pause for as long as there is something. */

/** Of one listener, in one turn. */
export const eventsMax = 50;

/** As long as these read, nobody else is answered: a few milliseconds. */
const readersMax = 4;

/** False once the listener has gone, or there may be nothing to read from. */
export type Turn = (signal: AbortSignal) => Promise<boolean>;

/**
 * However many wait, so few read in each turn of the event loop, in the order in which they asked; none once `stopped`
 * aborts. A listener whose connection was cut is heard of only after the journal was closed.
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
