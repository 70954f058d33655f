/** State without events is read again and again, while somebody looks at it. */
import { useEffect, useState } from 'preact/hooks';
import type { Answer } from './api.ts';

export interface Polled<T> {
  /** The last good answer, also while no answer comes. */
  readonly value: T | undefined;
  readonly why: string | undefined;
  readonly again: () => void;
}

/** `read` must be the same function each time. Its signal says that nobody looks any more. */
export function usePolled<T>(
  read: (signal: AbortSignal) => Promise<Answer<T>>,
  everyMs = 1_000,
): Polled<T> {
  const [value, setValue] = useState<T>();
  const [why, setWhy] = useState<string>();
  const [turn, setTurn] = useState(0);
  // `turn` asks again at once.
  useEffect(() => {
    const leaving = new AbortController();
    let timer = 0;
    const take = (answer: Answer<T>): void => {
      if (answer.ok) setValue(() => answer.body);
      setWhy(answer.ok ? undefined : answer.why);
    };
    async function poll(): Promise<void> {
      const answer = document.hidden ? undefined : await read(leaving.signal);
      if (leaving.signal.aborted) return;
      if (answer) take(answer);
      timer = window.setTimeout(() => void poll(), everyMs);
    }
    void poll();
    return () => {
      leaving.abort();
      clearTimeout(timer);
    };
  }, [read, everyMs, turn]);
  return { value, why, again: () => setTurn((before) => before + 1) };
}

/** Draws again every so often: for what counts down. */
export function useNow(everyMs = 250): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return now;
}
