/** The routes of one workflow's runs: the same for every workflow, under its own noun, path and ids. */
import { z } from 'zod';
import { defineOperation } from './operation.ts';
import { Instant, StepName } from './order.ts';
import { NextCursor, PageQuery } from './page.ts';
import { EventHeaders, SubmitHeaders } from './run-headers.ts';
import { exampleStory, RunStory } from './run-story.ts';
import { RunLinks, RunStatus, runSummaryShape, runViewShape } from './run-view.ts';

const service = 'orchestrator';

/** What a workflow's runs are called, and where they are found. */
export interface RunNaming<N extends string = string, P extends string = string> {
  /** Of one run: `order`. */
  readonly noun: N;
  /** Where they are found: `orders` for `/orders`. */
  readonly plural: P;
  /** What their ids begin with: `ord_`. */
  readonly idPrefix: string;
}

export interface RunContract<
  N extends string,
  P extends string,
  I extends z.ZodType,
  S extends z.ZodRawShape,
> extends RunNaming<N, P> {
  /** The body that asks for a run. */
  readonly input: I;
  /** Fields of its view that only this workflow has. */
  readonly summary: S;
  readonly exampleInput: unknown;
  readonly exampleSummary: Readonly<Record<string, unknown>>;
  /** A step that was done. */
  readonly exampleStep: { readonly name: string; readonly participant: string };
}

const Reason = z
  .string()
  .trim()
  .min(1)
  .max(500)
  .meta({ description: 'Why: it stays in the history. No personal data' });

const createRunId = ({ noun, idPrefix: prefix }: RunNaming) =>
  z
    .string()
    .regex(new RegExp(`^${prefix}[A-Za-z0-9_-]{1,64}$`), `must look like ${prefix}2f9c`)
    .meta({ id: `${toTitle(noun)}Id`, description: `${prefix} and 128 bits` });

/** The field that names a run: `orderId`. */
type IdField<N extends string> = { readonly [K in `${N}Id`]: z.ZodString };

// A computed key has no literal type of its own.
const toIdField = <N extends string>(noun: N, id: z.ZodString): IdField<N> =>
  ({ [`${noun}Id`]: id }) as IdField<N>;

/** The field of a list: `orders`. Where the plural is only known as text, the field has no type. */
type ListField<P extends string, T extends z.ZodType> = string extends P
  ? Record<never, never>
  : { readonly [K in P]: z.ZodArray<T> };

const toListField = <P extends string, T extends z.ZodType>(plural: P, item: T) =>
  ({ [plural]: z.array(item).max(100) }) as ListField<P, T>;

const toTitle = (noun: string): string => noun.charAt(0).toUpperCase() + noun.slice(1);

/** Any journal event; further fields depend on its type. */
const toEventSchema = <N extends string>(noun: N, id: z.ZodString) =>
  z
    .looseObject({
      ...toIdField(noun, id),
      seq: z.int().min(0),
      type: z.string(),
      at: Instant,
    })
    .meta({ id: `${toTitle(noun)}Event` });

const at = '2026-01-01T00:00:00.000Z';

function toExampleView(
  named: Readonly<Record<string, string>>,
  path: string,
  {
    exampleSummary: summary,
    exampleStep: step,
  }: Pick<RunContract<string, string, z.ZodType, z.ZodRawShape>, 'exampleSummary' | 'exampleStep'>,
) {
  const self = `${path}/${Object.values(named)[0]}`;
  return {
    ...named,
    status: 'completed',
    version: 2,
    createdAt: at,
    settledAt: at,
    ...summary,
    steps: [
      {
        ...step,
        status: 'done',
        attempts: [{ number: 1, direction: 'forward', way: 'first', reply: 'ok', at, endedAt: at }],
      },
    ],
    degraded: [],
    owed: [],
    writtenOff: [],
    quarantined: false,
    inFlight: null,
    next: null,
    cancelRequested: false,
    cancelTooLate: false,
    links: {
      self,
      events: `${self}/events`,
      cancel: `${self}/cancel`,
    },
  };
}

export function createRunOperations<
  const N extends string,
  const P extends string,
  I extends z.ZodType,
  S extends z.ZodRawShape,
>(contract: RunContract<N, P, I, S>) {
  const { noun, plural, idPrefix, input, summary } = contract;
  const { status, version, createdAt, settledAt, ...rest } = runViewShape;
  const head = { status, version, createdAt, settledAt };
  const Id = createRunId(contract);
  const id = toIdField(noun, Id);
  const View = z.object({ ...id, ...head, ...summary, ...rest }).meta({ id: toTitle(noun) });
  const Summary = z.object({ ...id, ...runSummaryShape }).meta({ id: `${toTitle(noun)}Summary` });
  const Event = toEventSchema(noun, Id);
  const Accepted = z
    .object({ ...id, status: RunStatus, links: RunLinks })
    .meta({ id: `${toTitle(noun)}Accepted` });
  const params = z.strictObject({ id: Id });
  const path = `/${plural}` as const;
  const exampleId = `${idPrefix}5f1b2c3d4e5f60718293a4b5c6d7e8f9`;
  const named = { [`${noun}Id`]: exampleId };
  const exampleView = toExampleView(named, path, contract);
  const notFound = { [`${noun}-not-found`]: { status: 404, title: `No such ${noun}` } };
  const quarantined = {
    status: 409,
    title: `The ${noun} is set aside: retry it first, or its definition is not known here`,
  };
  const toAnswer = <const T extends string>(status: T) =>
    z.object({ ...id, status: z.literal(status) });

  const submit = defineOperation({
    name: `orchestrator.place-${noun}`,
    service,
    kind: 'command',
    method: 'POST',
    path,
    summary: `Place one ${noun}: 202 once it is durable, or 200 once settled with Prefer: wait=N`,
    headers: SubmitHeaders,
    body: input,
    replies: { 200: View, 202: Accepted },
    problems: {
      'key-reused': { status: 422, title: 'This key was used with another body' },
      'queue-full': { status: 503, title: `Too many ${plural} are open; nothing was stored` },
    },
    examples: { body: contract.exampleInput, reply: exampleView },
  });
  const get = defineOperation({
    name: `orchestrator.get-${noun}`,
    service,
    kind: 'read',
    method: 'GET',
    path: `${path}/:id`,
    summary: `One ${noun}: its steps, attempts, what is owed and what happens next`,
    params,
    replies: { 200: View },
    problems: notFound,
    examples: { reply: exampleView },
  });
  const list = defineOperation({
    name: `orchestrator.list-${plural}`,
    service,
    kind: 'read',
    method: 'GET',
    path,
    summary: `${toTitle(plural)}, newest first`,
    query: PageQuery.extend({ status: RunStatus.optional() }),
    replies: { 200: z.object({ ...toListField(plural, Summary), nextCursor: NextCursor }) },
    problems: {},
    examples: {
      reply: {
        [plural]: [
          {
            ...named,
            status: 'completed',
            version: 2,
            createdAt: at,
            degraded: [],
            writtenOff: [],
          },
        ],
        nextCursor: null,
      },
    },
  });
  const streamEvents = defineOperation({
    name: `orchestrator.${noun}-events`,
    service,
    kind: 'stream',
    method: 'GET',
    path: `${path}/:id/events`,
    summary: `The events of one ${noun} as Server-Sent Events`,
    params,
    headers: EventHeaders,
    replies: { 200: Event },
    problems: notFound,
    examples: { reply: { ...named, seq: 1, type: 'step-succeeded', at } },
  });
  const story = defineOperation({
    name: `orchestrator.${noun}-story`,
    service,
    kind: 'read',
    method: 'GET',
    path: `${path}/:id/story`,
    summary: `One ${noun} in plain words, with what took how long and what a person may do now`,
    params,
    replies: { 200: RunStory },
    problems: notFound,
    examples: { reply: exampleStory },
  });
  const cancel = defineOperation({
    name: `orchestrator.cancel-${noun}`,
    service,
    kind: 'command',
    method: 'POST',
    path: `${path}/:id/cancel`,
    summary: `Ask that one ${noun} be undone, unless its pivot is done first`,
    params,
    replies: { 202: toAnswer('cancel-requested') },
    problems: {
      ...notFound,
      'past-the-pivot': { status: 409, title: 'Its pivot is done; it can no longer be cancelled' },
      'already-settled': { status: 409, title: `The ${noun} has already ended` },
      quarantined,
    },
    examples: { reply: { ...named, status: 'cancel-requested' } },
  });
  const retry = defineOperation({
    name: `orchestrator.retry-${noun}`,
    service,
    kind: 'command',
    access: 'operator',
    method: 'POST',
    path: `${path}/:id/retry`,
    summary: `Operators: what the ${noun} waits for is due now, also an owed undo or a quarantine`,
    params,
    body: z.strictObject({ reason: Reason }),
    replies: { 202: toAnswer('retry-requested') },
    problems: {
      ...notFound,
      quarantined,
      'nothing-to-retry': { status: 409, title: `The ${noun} waits for nothing` },
    },
    examples: {
      body: { reason: 'the provider is back' },
      reply: { ...named, status: 'retry-requested' },
    },
  });
  const skip = defineOperation({
    name: `orchestrator.skip-${noun}-step`,
    service,
    kind: 'command',
    access: 'operator',
    method: 'POST',
    path: `${path}/:id/skip`,
    summary:
      'Operators: write off a deferred step, or an undo that was refused or is out of attempts',
    params,
    body: z.strictObject({ step: StepName, reason: Reason }),
    replies: { 202: toAnswer('written-off') },
    problems: {
      ...notFound,
      quarantined,
      'nothing-to-skip': {
        status: 409,
        title:
          'Only a deferred step, or an undo that was refused or is out of attempts, can be skipped',
      },
      'in-flight': { status: 409, title: 'An attempt is under way; ask again when it has ended' },
    },
    examples: {
      body: { step: 'notify', reason: 'the customer was told by telephone' },
      reply: { ...named, status: 'written-off' },
    },
  });
  return { submit, get, list, story, cancel, streamEvents, retry, skip };
}

/** Of any workflow, for code that serves all of them. */
export type RunOperations = ReturnType<
  typeof createRunOperations<string, string, z.ZodType, z.ZodRawShape>
>;
