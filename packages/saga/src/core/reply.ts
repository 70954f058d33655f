import { toStored } from './stored.ts';

/** A few short values by name. */
export type Details = Readonly<Record<string, string | number>>;
interface Failure {
  readonly code: string;
  readonly retryAfterMs?: number | undefined;
}
interface Remarks {
  readonly note?: string | undefined;
  readonly details?: Details | undefined;
}

/**
 * The result of one attempt, as data. There are four replies, never two:
 * - `ok`: the participant did it, now or before, and says so. Only `ok` carries an output.
 * - `refused`: the business said no and remembers it. Nothing happened, nothing will.
 * - `unsent`: the request provably never left. Burns no attempt, only the time budget.
 * - `unknown`: everything else. The effect may exist.
 *
 * `code` is a stable short word, never an error's text. `retryAfterMs` is the participant's wish;
 * the policy's longest delay bounds it. `retriable: false` says that the same request will fare no better.
 * `note` is shown with the attempt, such as the fault that was injected into it.
 * `details` are kept with it for people, such as the address that was called. One of them decides something:
 * `replayed` in an ok says that it was done before. Where another step is refused as `key-reused`, it is not undone.
 */
export type Reply<O> = Remarks &
  (
    | { readonly reply: 'ok'; readonly output: O }
    | { readonly reply: 'refused'; readonly code: string }
    | (Failure & { readonly reply: 'unsent' })
    | (Failure & { readonly reply: 'unknown'; readonly retriable?: boolean | undefined })
  );

export const ok = <O>(output: O) => ({ reply: 'ok', output }) as const satisfies Reply<O>;
export const refused = (code: string) =>
  ({ reply: 'refused', code }) as const satisfies Reply<never>;

const notAReply: Reply<never> = { reply: 'unknown', code: 'not-a-reply', retriable: false };

/** Plain JavaScript may return anything: a value that is no reply, or an output that cannot be stored, is `unknown`. */
export function readReply(value: unknown, onError: (error: unknown) => void): Reply<unknown> {
  const fields: Record<string, unknown> = Object(value);
  return { ...readFields(fields, onError), ...toRemarks(fields) };
}

/** Without what is no remark, so that an event holds no empty fields. */
export function toRemarks({ note, details }: { note?: unknown; details?: unknown }): {
  note?: string;
  details?: Details;
} {
  const given = typeof details === 'object' && details !== null ? Object.entries(details) : [];
  const known = given.filter(isDetail).slice(0, detailsMax);
  return {
    ...(typeof note === 'string' && { note: note.slice(0, textMax) }),
    ...(known.length > 0 && { details: Object.fromEntries(known) }),
  };
}

const detailsMax = 8;
/** In characters, of a code and of each remark. */
const textMax = 256;

const isDetail = (entry: [string, unknown]): entry is [string, string | number] =>
  typeof entry[1] === 'string' ? entry[1].length <= textMax : Number.isFinite(entry[1]);

function readFields(
  fields: Record<string, unknown>,
  onError: (error: unknown) => void,
): Reply<unknown> {
  const { reply, code, output, retryAfterMs, retriable } = fields;
  if (reply === 'ok') return readOk(output, onError);
  if (typeof code !== 'string' || code.length > textMax) return notAReply;
  if (reply === 'refused') return refused(code);
  const wish = isDelay(retryAfterMs) ? { retryAfterMs } : {};
  if (reply === 'unsent') return { reply, code, ...wish };
  if (reply !== 'unknown') return notAReply;
  return { reply, code, ...wish, ...(retriable === false && { retriable }) };
}

function readOk(output: unknown, onError: (error: unknown) => void): Reply<unknown> {
  try {
    return ok(toStored(output, 'output'));
  } catch (error) {
    onError(error);
    return { reply: 'unknown', code: 'unstorable-output', retriable: false };
  }
}

const isDelay = (value: unknown): value is number =>
  typeof value === 'number' && value >= 0 && value < Number.POSITIVE_INFINITY;
