/** A few short values by name. */
export type Details = Readonly<Record<string, string | number>>;
interface Remarks {
  readonly note?: string | undefined;
  readonly details?: Details | undefined;
}

/**
 * What came back from one attempt, as data. There are four replies, never two:
 * - `ok`: the participant did it, now or before, and says so. Only `ok` carries an output.
 * - `refused`: the business said no and remembers it. Nothing happened, nothing will.
 * - `unsent`: the request provably never left. Burns no attempt, only the time budget.
 * - `unknown`: everything else. The effect may exist.
 *
 * `code` is a stable short word, never an error's text. `retryAfterMs` is the participant's wish;
 * the policy's longest delay bounds it. `retriable: false` says that the same request will fare no better.
 * `note` is shown with the attempt, such as the fault that was injected into it.
 * `details` are kept with it for whoever looks closer, such as the address that was called; nothing is decided by them.
 */
export type Reply<O> = Remarks &
  (
    | { readonly reply: 'ok'; readonly output: O }
    | { readonly reply: 'refused'; readonly code: string }
    | {
        readonly reply: 'unsent';
        readonly code: string;
        readonly retryAfterMs?: number | undefined;
      }
    | {
        readonly reply: 'unknown';
        readonly code: string;
        readonly retryAfterMs?: number | undefined;
        readonly retriable?: boolean | undefined;
      }
  );

export const ok = <O>(output: O) => ({ reply: 'ok', output }) as const satisfies Reply<O>;
export const refused = (code: string) =>
  ({ reply: 'refused', code }) as const satisfies Reply<never>;

const notAReply: Reply<never> = { reply: 'unknown', code: 'not-a-reply', retriable: false };

/** A plan written in plain JavaScript may return anything; what is no reply says nothing about the effect. */
export function readReply(value: unknown): Reply<unknown> {
  const fields: Record<string, unknown> = Object(value);
  return { ...readFields(fields), ...toRemarks(fields) };
}

/** Without what is no remark, so that an event holds no empty fields. */
export function toRemarks({ note, details }: { note?: unknown; details?: unknown }): {
  note?: string;
  details?: Details;
} {
  const given = typeof details === 'object' && details !== null ? Object.entries(details) : [];
  const known = given.filter(isDetail).slice(0, detailsMax);
  return {
    ...(typeof note === 'string' && { note }),
    ...(known.length > 0 && { details: Object.fromEntries(known) }),
  };
}

const detailsMax = 8;
const detailLengthMax = 256;

const isDetail = (entry: [string, unknown]): entry is [string, string | number] =>
  typeof entry[1] === 'string' ? entry[1].length <= detailLengthMax : Number.isFinite(entry[1]);

function readFields(fields: Record<string, unknown>): Reply<unknown> {
  const { reply, code, output, retryAfterMs, retriable } = fields;
  if (reply === 'ok') return readOk(output);
  if (typeof code !== 'string') return notAReply;
  if (reply === 'refused') return refused(code);
  const wish = isDelay(retryAfterMs) ? { retryAfterMs } : {};
  if (reply === 'unsent') return { reply, code, ...wish };
  if (reply !== 'unknown') return notAReply;
  return { reply, code, ...wish, ...(retriable === false && { retriable }) };
}

function readOk(output: unknown): Reply<unknown> {
  try {
    return ok(toStored(output));
  } catch {
    return notAReply;
  }
}

const isDelay = (value: unknown): value is number =>
  typeof value === 'number' && value >= 0 && value < Number.POSITIVE_INFINITY;
/** As the journal will hold it, so that a run sees the same value before a crash and after. Throws for what JSON refuses. */
export const toStored = (value: unknown): unknown => JSON.parse(JSON.stringify({ value })).value;
