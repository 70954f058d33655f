/** Routes of a workflow's runs. Everything that lasts is the engine's. */
import type { RunOperations } from '@baton/contracts';
import type { Admitted, FaultControl } from '@baton/faults';
import {
  type Engine,
  isSettled,
  type RunState,
  type RunSummary,
  type Saga,
  type Status,
  toStatus,
} from '@baton/saga';
import type { Handlers, ServerEvent } from '@baton/service-kit';
import type { Tracing } from '@baton/telemetry';
import { createBreather } from '../breather.ts';
import { findDefinition } from '../run/definition.ts';
import { isCancelledTooLate } from '../run/event-words.ts';
import { toInstant } from '../run/instant.ts';
import { createRunId, toFingerprint } from '../run/run-id.ts';
import type { ToLinks } from '../run/run-links.ts';
import { toRunStory } from '../run/run-story.ts';
import { toRunContext } from '../run/run-trace.ts';
import { findDegraded, listWrittenOff, toLiveStatus, toRunView } from '../run/run-view.ts';
import { toIdField, type Workflow } from '../workflow.ts';
import { type Admit, feedOne, type Source } from './event-feed.ts';
import { readWaitSeconds } from './preference.ts';
import { toQueueFull } from './queue-full.ts';
import { traceRequest } from './request-span.ts';

export interface Surroundings {
  readonly engine: Engine;
  readonly now: () => number;
  readonly toLinks: ToLinks;
  readonly tracing?: Tracing | undefined;
  readonly admit: Admit;
  readonly source: Source;
  readonly faults?: Pick<FaultControl, 'admit'> | undefined;
}
interface Served extends Surroundings {
  readonly workflow: Workflow;
}

type Routes = Handlers<RunOperations>;
type ClientRoutes = Omit<Routes, 'retry' | 'skip'>;

export function createRunHandlers(surroundings: Surroundings, workflow: Workflow): ClientRoutes {
  const served = { ...surroundings, workflow };
  return {
    submit: createSubmit(served),
    get: async ({ params }) => {
      const run = await served.engine.read(params.id);
      return isOf(workflow, params.id) && run
        ? { status: 200, body: toRunView(run, served) }
        : toNotFound(workflow);
    },
    story: async ({ params }) => {
      const run = await served.engine.read(params.id);
      return isOf(workflow, params.id) && run
        ? { status: 200, body: toRunStory(run, workflow, served.now()) }
        : toNotFound(workflow);
    },
    list: createList(served),
    cancel: createCancel(served),
    streamEvents: createStreamEvents(served),
  };
}

/** An id says by its prefix which workflow it is of. */
const isOf = ({ idPrefix }: Workflow, id: string): boolean => id.startsWith(idPrefix);

export const toNotFound = ({ noun }: Workflow) => ({ problem: `${noun}-not-found` as never });

export const tooManyListeners = {
  problem: 'unavailable',
  detail: 'as many listen to events as may at the same time',
  headers: { 'retry-after': '5' },
} as const;

const createStreamEvents =
  ({ engine, admit, source, workflow }: Served): Routes['streamEvents'] =>
  async ({ params: { id }, headers, signal }) => {
    if (!(await engine.readState(id))) return toNotFound(workflow);
    const feed: AsyncGenerator<ServerEvent> = feedOne(
      source,
      { id, lastId: headers['last-event-id'] },
      signal,
    );
    const events = admit(feed);
    return events ? { events } : tooManyListeners;
  };

const createSubmit =
  (served: Served): Routes['submit'] =>
  async ({ body, headers, httpVersion, signal }) => {
    const { engine, workflow, tracing, now, faults } = served;
    const [newest] = workflow.versions;
    const id = createRunId(workflow, body, headers['idempotency-key']);
    const receivedAt = now();
    const context = toRunContext({ headers, receivedAt }, tracing);
    const asCame = { baggage: context.baggage };
    const admitted: Admitted = faults?.admit({ orderId: id, ...asCame, headers }) ?? asCame;
    if ('problem' in admitted) return toRefused(admitted);
    const { baggage } = admitted;
    const submission = await engine.submit(newest, body, {
      id,
      fingerprint: toFingerprint(workflow, body),
      context: { ...context, ...(baggage && { baggage }) },
    });
    const answer = (placed: Placed) =>
      answerPlaced(served, placed, { seconds: readWaitSeconds(headers.prefer), signal });
    switch (submission.type) {
      case 'full':
        return toQueueFull();
      case 'conflict':
        return { problem: 'key-reused' };
      case 'invalid':
        return { problem: 'bad-request' };
      case 'known':
        return answer(submission);
      case 'accepted': {
        const route = `/${workflow.plural}`;
        const asked = { headers, httpVersion, receivedAt, signal };
        const placing = { id: submission.id, route, context, ...asked };
        return traceRequest(tracing, placing, () => answer(submission));
      }
      default:
        return submission satisfies never;
    }
  };

interface Placed {
  readonly id: string;
  readonly prunedAs?: Status | null;
}

const toRefused = (refused: Extract<Admitted, { problem: string }>) => ({
  ...refused,
  ...(refused.problem === 'unauthorized' && { headers: { 'www-authenticate': 'Bearer' } }),
});

async function answerPlaced(
  served: Served,
  placed: Placed,
  { seconds, signal }: { readonly seconds: number; readonly signal: AbortSignal },
) {
  const { engine, workflow, toLinks } = served;
  const { id, prunedAs } = placed;
  const location = { location: `/${workflow.plural}/${id}` };
  const isPatient = seconds > 0 && !prunedAs;
  if (isPatient)
    await engine.settled(id, AbortSignal.any([signal, AbortSignal.timeout(seconds * 1_000)]));
  // The run may also have settled just as the wait ended.
  const run = await engine.read(id);
  if (isPatient && run && isSettled(run.state)) {
    const applied = { ...location, 'preference-applied': `wait=${seconds}` };
    return { status: 200 as const, headers: applied, body: toRunView(run, served) };
  }
  const status = run ? toLiveStatus(run) : (prunedAs ?? 'accepted');
  const body = {
    ...toIdField(workflow, id),
    status,
    links: toLinks(workflow, id, run?.state),
  };
  return { status: 202 as const, headers: location, body };
}

const createList =
  (served: Served): Routes['list'] =>
  async ({ query: { limit, cursor, status } }) => {
    const { workflow } = served;
    const before = cursor === undefined ? undefined : Number(cursor);
    const runs = await listOf(served, { limit: limit + 1, before, status });
    const shown = runs.slice(0, limit);
    const last = runs.length > limit ? shown.at(-1) : undefined;
    const summaries = await toSummaries(served, shown);
    const nextCursor = last ? String(last.number) : null;
    // The field's name is only known as text, so its type would be that of every other field.
    return { status: 200, body: { [workflow.plural]: summaries, nextCursor } as never };
  };

/** The engine lists the runs of all workflows. */
async function listOf(
  { engine, workflow }: Served,
  query: Parameters<Engine['list']>[0],
): Promise<RunSummary[]> {
  const found: RunSummary[] = [];
  let { before } = query;
  for (;;) {
    const page = await engine.list({ ...query, before });
    found.push(...page.filter(({ id }) => isOf(workflow, id)));
    before = page.at(-1)?.number;
    if (found.length >= query.limit || page.length < query.limit)
      return found.slice(0, query.limit);
  }
}

/** Ended runs are read from the disk: other work has its turn in between. */
async function toSummaries({ engine, workflow }: Served, runs: readonly RunSummary[]) {
  const breathe = createBreather();
  const summaries: Record<string, unknown>[] = [];
  for (const run of runs) {
    const state = await engine.readState(run.id);
    const summary = await summarize({ engine, workflow }, run, state);
    summaries.push({ ...toIdField(workflow, run.id), ...summary });
    await breathe();
  }
  return summaries;
}

/** A run in one line, but for its id. */
export async function summarize(
  { engine, workflow }: { readonly engine: Pick<Engine, 'read'>; readonly workflow: Workflow },
  { id, version, acceptedAt, status }: RunSummary,
  state: RunState | undefined,
) {
  const sagas: readonly Saga<unknown>[] = workflow.versions;
  const shown = state ? toStatus(state) : status;
  // Only before a run's first answer does it matter whether its call has left.
  const run = shown === 'accepted' ? await engine.read(id) : undefined;
  return {
    status: run ? toLiveStatus(run) : shown,
    version,
    createdAt: toInstant(acceptedAt),
    degraded: state ? findDegraded(findDefinition(sagas, state), state) : [],
    writtenOff: state ? listWrittenOff(workflow, state) : [],
  };
}

const createCancel =
  ({ engine, workflow }: Served): Routes['cancel'] =>
  async ({ params: { id } }) => {
    if (!isOf(workflow, id)) return toNotFound(workflow);
    const cancellation = await engine.cancel(id, 'asked for by the client');
    switch (cancellation) {
      case 'cancel-requested':
        return { status: 202, body: { ...toIdField(workflow, id), status: cancellation } };
      case 'past-the-pivot':
        return { problem: 'past-the-pivot', ...(await explainLate(engine, id)) };
      case 'settled':
        return { problem: 'already-settled', ...(await explainLate(engine, id)) };
      case 'quarantined':
        return { problem: 'quarantined' };
      case 'unknown-run':
        return toNotFound(workflow);
      default:
        return cancellation satisfies never;
    }
  };

/** For a client that was told 202 before, and asks again. */
async function explainLate(engine: Engine, id: string): Promise<{ detail?: string }> {
  const run = await engine.read(id);
  return run && isCancelledTooLate(run)
    ? {
        detail:
          'the cancellation that was asked for came too late: the pivot was under way, and was done',
      }
    : {};
}
