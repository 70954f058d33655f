/** What the runtime knows of a workflow besides its steps: a run's name, and what people see of it. */
import {
  createRunOperations,
  type Preset,
  type RunNaming,
  type RunOperations,
} from '@baton/contracts';
import type { RunState, Saga } from '@baton/saga';
import type { z } from 'zod';

export interface Workflow extends RunNaming {
  /** New runs follow the first, which is the newest unless an operator has gone back from it. */
  readonly versions: readonly [followed: Saga<unknown>, ...others: Saga<unknown>[]];
  /** Its routes, made by `createRunOperations`. */
  readonly operations: RunOperations;
  /** This workflow's own fields of a run's view. */
  readonly summarize?: (state: RunState) => Readonly<Record<string, unknown>>;
  /** A run in a few words: `worth 24.00 EUR`. */
  readonly describe?: (state: RunState) => string | undefined;
  /** What people see of what a way did, such as an amount and an id. Without it, nothing of a participant's answer. */
  readonly toResult?: (
    way: string,
    state: RunState,
  ) => Readonly<Record<string, unknown>> | undefined;
  /** What was asked for, in words, without anything about the customer: `2 mug`. */
  readonly describeInput?: (state: RunState) => string | undefined;
  /** What a way's participant holds once it is done, or may hold: `2 mug`. Undefined where it holds nothing of worth. */
  readonly describeHeld?: (way: string, state: RunState) => string | undefined;
  /** What a way did, with its ids: `68.00 EUR, pay_7`. */
  readonly describeResult?: (way: string, state: RunState) => string | undefined;
  /** What its undo gives back, and where to: `2 mug to the stock`. Undefined where that is nothing of worth. */
  readonly describeOwed?: (way: string, state: RunState) => string | undefined;
  /** What it means that everything is undone: `no stock held, no money kept`. */
  readonly undone?: string;
  /** Runs that people can place by a click to try things out. */
  readonly presets?: readonly Preset[];
  /** Where products are listed, and which field of the input takes them. */
  readonly basket?: { readonly catalog: string; readonly field: string };
  /** The words, besides ids, by which operators find runs, and their name. */
  readonly search?: {
    readonly label: string;
    readonly toWords: (state: RunState) => readonly string[];
  };
  /** The owner of an Idempotency-Key. Without it, all callers share their keys. */
  readonly toKeyOwner?: (input: unknown) => string;
  /** Two bodies under one key are the same when their fingerprints are. Default: their JSON. */
  readonly toFingerprint?: (input: unknown) => string;
}

export type Workflows = readonly [Workflow, ...Workflow[]];

/** Idempotency keys begin with the run's id: a prefix of another kind would have every participant refuse every call. */
const prefixPattern = /^[a-z][a-z0-9]{0,15}_$/;
/** A noun stands in a path and in the names of fields. */
const namePattern = /^[a-z][a-zA-Z0-9-]{0,31}$/;

/** Throws where two workflows could not be told apart, or a workflow cannot be addressed. */
export function checkWorkflows(workflows: Workflows): void {
  for (const { noun, plural, idPrefix } of workflows) {
    if (!prefixPattern.test(idPrefix))
      throw new Error(`${noun}: the id prefix "${idPrefix}" must look like ord_`);
    for (const name of [noun, plural])
      if (!namePattern.test(name)) throw new Error(`"${name}" must look like order or orders`);
  }
  checkDistinct(
    'noun',
    workflows.map(({ noun }) => noun),
  );
  checkDistinct(
    'plural',
    workflows.map(({ plural }) => plural),
  );
  checkDistinct(
    'id prefix',
    workflows.map(({ idPrefix }) => idPrefix),
  );
  checkDistinct(
    'saga',
    workflows.map(({ versions: [{ name }] }) => name),
  );
}

function checkDistinct(what: string, names: readonly string[]): void {
  const twice = names.find((name, place) => names.indexOf(name) !== place);
  if (twice !== undefined)
    throw new Error(`two workflows have the ${what} "${twice}": give each its own`);
}

export const listSagas = (workflows: readonly Workflow[]): readonly Saga<unknown>[] =>
  workflows.flatMap(({ versions }) => versions);

/** By the name of its versions. The first workflow stands in for one that is gone: ids and links need a noun. */
export const findWorkflow = (workflows: Workflows, { saga }: Pick<RunState, 'saga'>): Workflow =>
  workflows.find(({ versions: [{ name }] }) => name === saga) ?? workflows[0];

/** What a run is called where it may be of any of them. */
export const nameRuns = ([{ noun, plural }, ...others]: Workflows): Omit<RunNaming, 'idPrefix'> =>
  others.length > 0 ? { noun: 'run', plural: 'runs' } : { noun, plural };

/** By the id's prefix. */
export const findWorkflowOf = (workflows: Workflows, id: string): Workflow =>
  workflows.find(({ idPrefix }) => id.startsWith(idPrefix)) ?? workflows[0];

/** The field that names a run: `orderId`. */
export const toIdField = ({ noun }: RunNaming, id: string): Readonly<Record<string, string>> => ({
  [`${noun}Id`]: id,
});

/** A workflow with the usual routes. `input` is the body that asks for a run. */
export const defineWorkflow = ({
  input,
  ...workflow
}: Omit<Workflow, 'operations'> & { readonly input: z.ZodType }): Workflow => ({
  ...workflow,
  operations: createRunOperations({
    ...workflow,
    input,
    summary: {},
    exampleInput: {},
    exampleSummary: {},
    exampleStep: toExampleStep(workflow.versions[0]),
  }),
});

function toExampleStep({ plan }: Saga<unknown>) {
  const [step] = plan;
  return { name: step?.name ?? 'step', participant: step?.first.participant ?? 'participant' };
}
