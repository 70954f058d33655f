/**
 * What came back from one attempt, as data. There are four replies, never two:
 * - `ok`: the participant did it, now or before, and says so. Only `ok` carries an output.
 * - `refused`: the business said no and remembers it. Nothing happened, nothing will.
 * - `unsent`: the request provably never left. Burns no attempt, only the time budget.
 * - `unknown`: everything else. The effect may exist.
 *
 * `code` is a stable short word, never an error's text. `retryAfterMs` is the participant's wish;
 * the policy's longest delay bounds it. `retriable: false` says that the same request will fare no better.
 */
export type Reply<O> =
  | { readonly reply: 'ok'; readonly output: O }
  | { readonly reply: 'refused'; readonly code: string }
  | { readonly reply: 'unsent'; readonly code: string; readonly retryAfterMs?: number | undefined }
  | {
      readonly reply: 'unknown';
      readonly code: string;
      readonly retryAfterMs?: number | undefined;
      readonly retriable?: boolean | undefined;
    };

type Ok<O> = Extract<Reply<O>, { reply: 'ok' }>;
type Refused = Extract<Reply<never>, { reply: 'refused' }>;

export const ok = <O>(output: O): Ok<O> => ({ reply: 'ok', output });
export const refused = (code: string): Refused => ({ reply: 'refused', code });
