/** Who waits for what, and is told once. */
export interface Waiters<T> {
  /** Resolves with undefined once `signal` aborts, or when all are sent home. */
  wait(id: string, signal?: AbortSignal): Promise<T | undefined>;
  end(id: string, result: T): void;
  endAll(): void;
}

type Finish<T> = (result: T | undefined) => void;

export function createWaiters<T>(): Waiters<T> {
  const waiters = new Map<string, Set<Finish<T>>>();
  return {
    wait(id, signal) {
      if (signal?.aborted) return Promise.resolve(undefined);
      return new Promise((resolve) => {
        const waiting = waiters.get(id) ?? new Set();
        const abort = (): void => finish(undefined);
        const finish: Finish<T> = (result) => {
          signal?.removeEventListener('abort', abort);
          waiting.delete(finish);
          if (waiting.size === 0) waiters.delete(id);
          resolve(result);
        };
        waiters.set(id, waiting.add(finish));
        signal?.addEventListener('abort', abort);
      });
    },
    end(id, result) {
      for (const finish of waiters.get(id) ?? []) finish(result);
    },
    endAll() {
      for (const waiting of waiters.values()) for (const finish of waiting) finish(undefined);
    },
  };
}
