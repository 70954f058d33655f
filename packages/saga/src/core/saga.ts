/**
 * The definition of a saga: data plus functions, made by a typed builder. Not its execution: nothing here runs a step.
 *
 * 1. Wrong definitions do not compile: an undo after the pivot, a second pivot, a name twice, an output that
 *    JSON would change, an undo that trusts an output which may never have arrived.
 * 2. A step has one way to be done, or two: the first and its alternate. Each way has its own key and its own undo.
 * 3. `structure` names steps, order, kinds and undos. Two definitions of one version have the same structure.
 */
import { type Policy, type Tries, toTries, triesDefaults } from './policy.ts';
import type { Reply } from './reply.ts';
import type { Schema } from './schema.ts';

/** Outputs live in the journal: a type that JSON would change is refused by name. */
type Stored<T> = T extends string | number | boolean | null | undefined
  ? T
  : T extends
        | Date
        | bigint
        | symbol
        | ((...a: never[]) => unknown)
        | Map<unknown, unknown>
        | Set<unknown>
    ? 'does not survive JSON'
    : { readonly [K in keyof T]: Stored<T[K]> };

/** The same key on every attempt of a way, forward and undo. The signal aborts at the attempt's deadline. */
export interface Attempt {
  readonly key: string;
  /** 1 for the first attempt that was sent. */
  readonly number: number;
  /** 1 for the run's first call, of any step. No two calls of a run have the same, crashes included. */
  readonly ordinal: number;
  readonly signal: AbortSignal;
  /** The submitter's, travelling with the run, such as trace context. */
  readonly context: Readonly<Record<string, string>>;
}

/** Inputs live in the journal, too. */
type Storable<I> = unknown extends I
  ? unknown
  : I extends Stored<I>
    ? unknown
    : { readonly input: 'the input does not survive JSON' };

/** Anything that can be asked: a contract client, a function in a test. It never throws for a failed call. */
export type Operation<B, O> = (body: B, attempt: Attempt) => Promise<Reply<O>>;

export interface Doing<I, D> {
  readonly id: string;
  readonly input: I;
  readonly done: D;
  readonly attempt: Attempt;
  call<B, O>(operation: Operation<B, O>, body: NoInfer<B>): Promise<Reply<O>>;
}
/** `output` is undefined when no ok was recorded: the effect may exist all the same, so undo by `id`. */
export interface Undoing<I, D, O> extends Doing<I, D> {
  readonly output: O | undefined;
}

type Perform<I, D, O> = (now: Doing<I, D>) => Promise<Reply<O>>;
type Undo<I, D, O> = (now: Undoing<I, D, O>) => Promise<Reply<unknown>>;
/** The participant that the way calls. Undos of one participant keep their order. Default, unless `P` lists names: the step's own. */
type Called<P> = Policy &
  (string extends P ? { readonly participant?: P } : { readonly participant: P });
type Way<I, D, O, P> = Called<P> & {
  readonly perform: Perform<I, D, O & Stored<O>>;
  /** null says: this step has no effect to undo. */
  readonly undo: Undo<I, D, O> | (Policy & { readonly perform: Undo<I, D, O> }) | null;
};
type Step<I, D, O, P> = Way<I, D, O, P> & {
  /** Taken when the first way is spent, after its undo was acknowledged. A refusal is final: then the alternate is not taken. */
  readonly alternate?: Way<I, D, NoInfer<O>, P>;
  /** True when doing the step twice, by both ways, harms nobody: the alternate need not wait for the undo of the first. */
  readonly repeatable?: boolean;
};
type Later<I, D, O, P> = Called<P> & {
  readonly perform: Perform<I, D, O & Stored<O>>;
  /** The step has no undo to wait for: where the end of the first way is not known, both may be done. */
  readonly alternate?: Called<P> & { readonly perform: Perform<I, D, NoInfer<O>> };
};
type Fresh<N extends string, D> = N extends keyof D ? `'${N}' is defined twice` : N;
type And<D, N extends string, O> = { readonly [K in keyof D | N]: K extends keyof D ? D[K] : O };
/** A field of the input, one level deep at most: `login.token`. */
type Field<I> = {
  [K in keyof I & string]: I[K] extends readonly unknown[]
    ? K
    : I[K] extends object
      ? K | `${K}.${keyof I[K] & string}`
      : K;
}[keyof I & string];

/** Up to the pivot: each step says how it is undone. */
interface Undoable<I, D, P> {
  step<const N extends string, O>(
    name: Fresh<N, D>,
    step: Step<I, D, O, P>,
  ): Undoable<I, And<D, N, O>, P>;
  pivot<const N extends string, O>(
    name: Fresh<N, D>,
    step: Step<I, D, O, P>,
  ): Committed<I, And<D, N, O>, P>;
  end(): Saga<I, D>;
}
/** After the pivot: only steps that are done now or later, never undone. */
interface Committed<I, D, P> {
  later<const N extends string, O>(
    name: Fresh<N, D>,
    step: Later<I, D, O, P>,
  ): Committed<I, And<D, N, O | undefined>, P>;
  end(): Saga<I, D>;
}

/** A finished definition. `D` has its outputs by step. The functions of its plan are called by the engine alone. */
export interface Saga<I, D = Readonly<Record<string, unknown>>> {
  /** A type, and never a value: what `settled` may promise of a run's outputs. */
  readonly '~outputs'?: D;
  readonly name: string;
  readonly version: number;
  readonly input: Schema<I>;
  /** Fields of the input that recovery needs and nobody may see: kept apart, erased at settlement. */
  readonly secrets: readonly string[];
  readonly structure: string;
  readonly plan: readonly PlannedStep[];
}
export interface PlannedStep {
  readonly name: string;
  readonly kind: 'step' | 'pivot' | 'later';
  readonly repeatable: boolean;
  readonly first: PlannedWay;
  readonly alternate: PlannedWay | null;
}
export interface PlannedWay {
  /** `<step>` or `<step>:alt`: what its idempotency key ends with. */
  readonly name: string;
  readonly participant: string;
  readonly tries: Tries;
  readonly perform: (now: Undoing<unknown, unknown, unknown>) => Promise<Reply<unknown>>;
  readonly undo: { readonly tries: Tries; readonly perform: PlannedWay['perform'] } | null;
}

export interface SagaOptions<I> {
  /** Raise it with every change of the plan; keep the old definition registered until its runs have ended. */
  readonly version: number;
  readonly input: Schema<I>;
  readonly secrets?: readonly Field<NoInfer<I>>[];
}

/** Step names become part of idempotency keys, and `:` ends them there; an alternate's end with `alt`. */
const namePattern = /^[a-z][a-z0-9-]{0,40}$/;
const nameRule = 'use lower case, digits and hyphens, a letter first, 41 at most';
const isName = (name: unknown): name is string =>
  typeof name === 'string' && namePattern.test(name);

/** Begins a definition; `end()` finishes it. Steps can call only `P`. Throws a RangeError for a bad name, version or policy. */
export function saga<I, P extends string = string>(
  name: string,
  options: SagaOptions<I> & Storable<I>,
): Undoable<I, Record<never, never>, P> {
  const refuse = (why: string): never => {
    throw new RangeError(`saga ${String(name)}: ${why}`);
  };
  if (!isName(name)) refuse(`'${String(name)}' is no saga name; ${nameRule}`);
  if (!Number.isSafeInteger(options?.version) || options.version < 1)
    refuse('the version must be a whole number from 1');
  if (typeof options.input?.['~standard']?.validate !== 'function')
    refuse('the input must be a Standard Schema, such as one of zod');
  const { secrets = [] } = options;
  if (!Array.isArray(secrets) || secrets.some((path) => typeof path !== 'string'))
    refuse('secrets must be a list of texts');
  const plan: PlannedStep[] = [];
  const add = (kind: PlannedStep['kind']) => (step: string, definition: AnyStep) => {
    const fault = findFault(plan, kind, step, definition);
    if (fault !== undefined) refuse(fault);
    plan.push(toPlannedStep(kind, step, definition));
    return builder;
  };
  const end = (): Saga<I> =>
    Object.freeze({
      name,
      version: options.version,
      input: options.input,
      secrets,
      structure: plan.map(toStructure).join(' '),
      plan: Object.freeze([...plan]),
    });
  const builder = { step: add('step'), pivot: add('pivot'), later: add('later'), end };
  return builder as unknown as Undoable<I, Record<never, never>, P>; // the one named boundary between types and data
}

type AnyWay = Later<unknown, unknown, unknown, string> &
  Partial<Way<unknown, unknown, unknown, string>>;
type AnyStep = AnyWay & { readonly alternate?: AnyWay; readonly repeatable?: boolean };

/** Checks for plain JavaScript what the types refuse. */
function findFault(
  plan: readonly PlannedStep[],
  kind: PlannedStep['kind'],
  step: unknown,
  definition: AnyStep,
): string | undefined {
  if (!isName(step) || step === 'alt')
    return `'${String(step)}' is no step name; ${nameRule}, and not alt`;
  if (plan.some(({ name }) => name === step)) return `'${step}' is defined twice`;
  if ((kind === 'later') !== plan.some((known) => known.kind === 'pivot'))
    return `'${step}' is out of order: steps, then one pivot, then deferred steps`;
  if (!['boolean', 'undefined'].includes(typeof definition?.repeatable))
    return `'${step}': repeatable must be true or false`;
  const ways = [definition, definition?.alternate ?? definition];
  return ways.every((way) => isWay(kind, way))
    ? undefined
    : `'${step}' needs perform, and before the pivot undo: functions, or null where nothing is to be undone`;
}

/** Tells a forgotten undo from `null`, an undo that is not needed. */
function isWay(kind: PlannedStep['kind'], way: AnyWay): boolean {
  const { perform, undo, participant = kind } = Object(way);
  const isUndo = undo === null || typeof (undo?.perform ?? undo) === 'function';
  const isNamed = typeof participant === 'string' && participant !== '';
  return typeof perform === 'function' && isNamed && (kind === 'later' ? !undo : isUndo);
}

function toPlannedStep(kind: PlannedStep['kind'], name: string, step: AnyStep): PlannedStep {
  const defaults = triesDefaults[kind === 'later' ? 'later' : 'forward'];
  const alternate = step.alternate ? toPlannedWay(`${name}:alt`, step.alternate, defaults) : null;
  return Object.freeze({
    name,
    kind,
    repeatable: step.repeatable ?? kind === 'later',
    first: toPlannedWay(name, step, defaults),
    alternate,
  });
}

function toPlannedWay(name: string, way: AnyWay, defaults: Tries): PlannedWay {
  const undo = typeof way.undo === 'function' ? { perform: way.undo } : (way.undo ?? null);
  return {
    name,
    participant: way.participant ?? name,
    tries: toTries(way, defaults),
    perform: way.perform,
    undo: undo && { tries: toTries(undo, triesDefaults.undo), perform: undo.perform },
  };
}

/** Readable on purpose: where two structures differ, the difference says what was changed. */
function toStructure(step: PlannedStep): string {
  const undos = toWays(step).map((way) => (way.undo ? 'undo' : 'no-undo'));
  return `${step.kind}:${step.name}(${undos.join('|')})`;
}

type Named = Pick<Saga<unknown>, 'name' | 'version' | 'structure'>;
/** Undefined when the definition is not registered, or has changed without a new version. */
export const findSaga = (sagas: readonly Saga<unknown>[], { name, version, structure }: Named) =>
  sagas.find(
    (saga) => saga.name === name && saga.version === version && saga.structure === structure,
  );

export const toWays = (step: PlannedStep): PlannedWay[] =>
  step.alternate ? [step.first, step.alternate] : [step.first];
