/**
 * The way into the cluster: any of its nodes takes a call. Where one does not answer, the next is asked.
 */
import * as clients from '@restatedev/restate-sdk-clients';
import { run } from './services.ts';

export type Ingress = Pick<clients.Ingress, 'objectClient'>;
export type CallOptions = clients.Opts<never, never>;
/**
 * Asks again where no answer came: what changes something has a key, under which it is done once. Rejects with
 * ClusterUnreachable where nobody answers.
 */
export type Call = <T>(
  ask: (ingress: Ingress, options: CallOptions) => PromiseLike<T>,
  idempotencyKey?: string,
) => Promise<T>;

export const findRun = (ingress: Ingress, id: string) => ingress.objectClient(run, id);
export type RunClient = ReturnType<typeof findRun>;

/** No node answered, or the cluster had nobody to ask. */
export class ClusterUnreachable extends Error {
  /** For whoever answers a request with it. */
  readonly status = 503;
}

const callMs = 5_000;

/** What a handler said is one; that nobody has told the node of the handlers yet is none. */
const isAnswer = (error: unknown): boolean =>
  error instanceof clients.HttpCallError && error.status < 500 && error.status !== 404;

export function createIngress(urls: readonly string[]): Call {
  const nodes = urls.map((url) => clients.connect({ url }));
  let first = 0;
  return async (ask, idempotencyKey) => {
    let reason: unknown;
    // Once more than there are nodes: a connection may have been closed for being idle.
    const turns = [
      ...nodes.slice(first),
      ...nodes.slice(0, first),
      ...nodes.slice(first, first + 1),
    ];
    for (const node of turns) {
      const signal = AbortSignal.timeout(callMs);
      try {
        return await ask(
          node,
          clients.rpc.opts({ signal, ...(idempotencyKey && { idempotencyKey }) }),
        );
      } catch (error) {
        if (isAnswer(error)) throw error;
        reason = error;
        // Others may have turned away from it as well.
        if (nodes[first] === node) first = (first + 1) % nodes.length;
      }
    }
    throw new ClusterUnreachable('no node of the cluster answered', { cause: reason });
  };
}
