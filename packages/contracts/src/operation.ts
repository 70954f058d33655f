/**
 * What an operation is: one route of one service, as data. Validation, the typed client, the
 * Express mount and the OpenAPI document are all derived from it, so none can disagree.
 */
import type { z } from 'zod';
import { effectProblems, generalProblems, type ProblemSpecs } from './problem.ts';

type Path = `/${string}`;

interface Shared {
  /** Stable `<service>.<verb>`: the name in spans, metrics and fault flags. */
  readonly name: `${string}.${string}`;
  /** The app that answers it. */
  readonly service: string;
  /** With `:name` parameters, as Express writes them. */
  readonly path: Path;
  readonly summary: string;
  readonly params?: z.ZodType;
  readonly query?: z.ZodType;
  /** By status. Read loosely: a service may add fields without breaking its callers. */
  readonly replies: Readonly<Record<number, z.ZodType>>;
  readonly problems: ProblemSpecs;
  /** `operator`: only operators may call it. */
  readonly access?: 'operator';
  readonly examples: { readonly body?: unknown; readonly reply: unknown };
}

interface Fenced extends Shared {
  readonly method: 'POST';
  readonly body: z.ZodType;
  readonly replies: { readonly 200: z.ZodType };
  readonly examples: Shared['examples'] & {
    /** Where each order's body must differ by more than the order: `{unique}` in a text, or several bodies in turn. */
    readonly template?: unknown;
  };
}

/** Changes something, once per key, and says which route undoes it (null: nothing to undo). */
export interface EffectOperation extends Fenced {
  readonly kind: 'effect';
  readonly undo: Path | null;
  readonly examples: Fenced['examples'] & {
    /** A request that the business always refuses, so that a checker can see a refusal. */
    readonly refusal?: { readonly code: string; readonly body: unknown };
  };
}

export interface UndoOperation extends Fenced {
  readonly kind: 'undo';
}

export interface ReadOperation extends Shared {
  readonly kind: 'read';
  readonly method: 'GET';
}

/** A change asked for from outside, which no fence guards: the orchestrator's own routes. */
export interface CommandOperation extends Shared {
  readonly kind: 'command';
  readonly method: 'POST' | 'PUT' | 'DELETE';
  readonly body?: z.ZodType;
  /** Request headers that the handler reads, by lower-case name. */
  readonly headers?: z.ZodType;
}

/** Server-Sent Events; the reply's schema is that of one event's data. */
export interface StreamOperation extends Shared {
  readonly kind: 'stream';
  readonly method: 'GET';
  readonly headers?: z.ZodType;
}

export type FencedOperation = EffectOperation | UndoOperation;
export type Operation = FencedOperation | ReadOperation | CommandOperation | StreamOperation;
export type Operations = Readonly<Record<string, Operation>>;

/** Gives an operation its exact type, and adds nothing. */
export const defineOperation = <const O extends Operation>(operation: O): O => operation;

export const isFenced = (operation: Operation): operation is FencedOperation =>
  operation.kind === 'effect' || operation.kind === 'undo';

/** The problems that every operation shares, and this operation's own. */
export const problemsOf = (operation: Operation): ProblemSpecs => ({
  ...generalProblems,
  ...(isFenced(operation) ? effectProblems : {}),
  ...operation.problems,
});

type Part<O, K extends string> =
  O extends Readonly<Record<K, infer S extends z.ZodType>> ? S : undefined;
type OutputOf<S> = S extends z.ZodType ? z.output<S> : undefined;
type InputOf<S> = S extends z.ZodType ? z.input<S> : undefined;

/** As handlers see it: parsed. */
export type BodyOf<O extends Operation> = OutputOf<Part<O, 'body'>>;
export type ParamsOf<O extends Operation> = OutputOf<Part<O, 'params'>>;
export type QueryOf<O extends Operation> = OutputOf<Part<O, 'query'>>;
export type HeadersOf<O extends Operation> = OutputOf<Part<O, 'headers'>>;

/** As callers write it: before defaults and conversions. */
export type BodyInputOf<O extends Operation> = DeepReadonly<InputOf<Part<O, 'body'>>>;
export type ParamsInputOf<O extends Operation> = InputOf<Part<O, 'params'>>;
export type QueryInputOf<O extends Operation> = InputOf<Part<O, 'query'>>;

export type StatusOf<O extends Operation> = keyof O['replies'] & number;
export type ReplyBodyOf<O extends Operation, S extends keyof O['replies'] = StatusOf<O>> = OutputOf<
  O['replies'][S]
>;
/** As handlers write it; a contract's reader drops what it does not know. */
export type ReplyInputOf<O extends Operation, S extends keyof O['replies']> = InputOf<
  O['replies'][S]
>;
export type ProblemCodeOf<O extends Operation> =
  | keyof typeof generalProblems
  | (O extends FencedOperation ? keyof typeof effectProblems : never)
  | (keyof O['problems'] & string);

export type DeepReadonly<T> = T extends readonly (infer E)[]
  ? readonly DeepReadonly<E>[]
  : T extends object
    ? { readonly [K in keyof T]: DeepReadonly<T[K]> }
    : T;
