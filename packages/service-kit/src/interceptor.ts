/**
 * An interceptor steps between a request that was read and its answer, such as a fault on purpose. Without one, calls
 * go straight through.
 */
import {
  attemptHeader,
  type FencedOperation,
  isFenced,
  keyHeader,
  runIdOfKey,
} from '@baton/contracts';
import type { HttpAnswer, HttpRequest, ProblemAnswer } from './answer.ts';
import { isStream, type Route } from './route.ts';

export interface InterceptedCall {
  readonly operation: FencedOperation;
  readonly orderId: string;
  /** 1 where the caller does not say. */
  readonly attempt: number;
  readonly headers: HttpRequest['headers'];
  /** Aborts when the caller has gone. */
  readonly signal: AbortSignal;
  /**
   * Handles the request, as often as it is called. With `decline`, the business says no inside the fence's transaction,
   * so that the refusal is remembered. An undo answers it and remembers nothing.
   */
  readonly proceed: (decline?: ProblemAnswer) => Promise<HttpAnswer>;
}

/** The answer, and how it is sent: at once, or in small pieces over some time. Null cuts the connection. */
export type Delivery = { readonly answer: HttpAnswer; readonly overMs?: number } | null;
export type Interceptor = (call: InterceptedCall) => Promise<Delivery>;

const readAttempt = (text: string | undefined): number =>
  /^[1-9]\d{0,8}$/.test(text ?? '') ? Number(text) : 1;

/** Undefined at reads, and at requests without a usable key, which the route refuses. */
export function toInterceptedCall(
  { operation, respond }: Route,
  request: HttpRequest,
): InterceptedCall | undefined {
  const key = request.headers[keyHeader] ?? '';
  const orderId = runIdOfKey(key);
  if (!isFenced(operation) || orderId === undefined) return undefined;
  return {
    operation,
    orderId,
    attempt: readAttempt(request.headers[attemptHeader]),
    headers: request.headers,
    signal: request.signal,
    proceed: async (decline) => {
      const answer = await respond(request, decline);
      if (isStream(answer)) throw new Error(`${operation.name} answered with a stream`);
      return answer;
    },
  };
}
