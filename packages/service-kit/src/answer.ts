/** Requests and answers as plain data: the same over Express and in a test's process. */
import type {
  BodyOf,
  DeepReadonly,
  EffectOperation,
  HeadersOf,
  Operation,
  Operations,
  ParamsOf,
  ProblemCodeOf,
  QueryOf,
  ReplyInputOf,
  StatusOf,
  StreamOperation,
  UndoOperation,
} from '@baton/contracts';
import type { Sql } from './memory.ts';

export type Headers = Readonly<Record<string, string>>;

export interface HttpRequest {
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly params: unknown;
  readonly query: unknown;
  readonly body: unknown;
  /** Such as `1.1`. A test's process has none, and a runtime with a `fetch` of its own tells none. */
  readonly httpVersion?: string | undefined;
  /** Aborts when the caller has gone. */
  readonly signal: AbortSignal;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
}

/** One Server-Sent Event. `id` is opaque to clients, which send it back to resume. */
export interface ServerEvent {
  readonly id?: string;
  readonly event: string;
  readonly data: unknown;
}
/** Ends with the iterator, which is returned early when the caller has gone. */
export interface StreamAnswer {
  readonly events: AsyncIterable<ServerEvent>;
}

export interface ProblemAnswer<C extends string = string> {
  readonly problem: C;
  /** Shown to the caller: never the text of an error. */
  readonly detail?: string;
  readonly headers?: Headers;
}
type Success<O extends Operation> = {
  [S in StatusOf<O>]: {
    readonly status: S;
    readonly body: DeepReadonly<ReplyInputOf<O, S>>;
    readonly headers?: Headers;
  };
}[StatusOf<O>];
export type Answer<O extends Operation> = Success<O> | ProblemAnswer<ProblemCodeOf<O>>;

/** What an effect works with. Its writes through `db` and the fence's row are one transaction. */
export interface Work {
  readonly db: Sql;
  readonly key: string;
  /** The run that the key names. */
  readonly runId: string;
  readonly nowMs: number;
}

/** A parsed request. */
export interface Reading<O extends Operation> {
  readonly params: ParamsOf<O>;
  readonly query: QueryOf<O>;
  readonly body: BodyOf<O>;
  readonly headers: HeadersOf<O>;
  readonly httpVersion?: string | undefined;
  readonly signal: AbortSignal;
}

type Soon<T> = T | Promise<T>;
export type Handler<O extends Operation> = O extends EffectOperation
  ? (work: Work, body: BodyOf<O>) => Answer<O>
  : O extends UndoOperation
    ? (work: Work, body: BodyOf<O>) => ProblemAnswer<ProblemCodeOf<O>> | undefined
    : O extends StreamOperation
      ? (reading: Reading<O>) => Soon<StreamAnswer | ProblemAnswer<ProblemCodeOf<O>>>
      : (reading: Reading<O>) => Soon<Answer<O>>;
export type Handlers<T extends Operations> = { readonly [K in keyof T]: Handler<T[K]> };
