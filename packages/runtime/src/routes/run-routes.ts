/** What is answered to those who ask for runs of a workflow. Everything that lasts is the engine's. */
import type { RunOperations } from '@baton/contracts';
import { type Engine, type RunSummary, type Saga, type Status, toStatus } from '@baton/saga';
import type { Handlers, ServerEvent } from '@baton/service-kit';
import { leaveRequestSpan, type Tracing } from '@baton/telemetry';
import { createBreather } from '../breather.ts';
import { findDefinition } from '../run/definition.ts';
import { toInstant } from '../run/instant.ts';
import { createRunId, toFingerprint } from '../run/run-id.ts';
import type { ToLinks } from '../run/run-links.ts';
import { toRunContext } from '../run/run-trace.ts';
import { findDegraded, listWrittenOff, toLiveStatus, toRunView } from '../run/run-view.ts';
import { toIdField, type Workflow } from '../workflow.ts';
import { type Admit, feedOne, type Source } from './event-feed.ts';
import { readWaitSeconds } from './preference.ts';
import { toQueueFull } from './queue-full.ts';

export interface Surroundings {
  readonly engine: Engine;
  readonly now: () => number;
  readonly toLinks: ToLinks;
  readonly tracing?: Tracing | undefined;
  readonly admit: Admit;
  readonly source: Source;
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
  async ({ body, headers, signal }) => {
    const { engine, workflow, tracing, now } = served;
    const [newest] = workflow.versions;
    const submission = await engine.submit(newest, body, {
      id: createRunId(workflow, body, headers['idempotency-key']),
      fingerprint: toFingerprint(workflow, body),
      context: toRunContext({ headers, receivedAt: now() }, tracing),
    });
    // The journal tells of it from here on.
    if (submission.type === 'accepted') leaveRequestSpan();
    switch (submission.type) {
      case 'full':
        return toQueueFull();
      case 'conflict':
        return { problem: 'key-reused' };
      case 'invalid':
        return { problem: 'bad-request' };
      case 'known':
      case 'accepted':
        return answerPlaced(served, submission, {
          seconds: readWaitSeconds(headers.prefer),
          signal,
        });
      default:
        return submission satisfies never;
    }
  };

async function answerPlaced(
  served: Served,
  placed: { readonly id: string; readonly prunedAs?: Status | null },
  { seconds, signal }: { readonly seconds: number; readonly signal: AbortSignal },
) {
  const { engine, workflow, toLinks } = served;
  const { id, prunedAs } = placed;
  const location = { location: `/${workflow.plural}/${id}` };
  if (seconds > 0 && !prunedAs) {
    const patience = AbortSignal.any([signal, AbortSignal.timeout(seconds * 1_000)]);
    const isSettled = (await engine.settled(id, patience)) !== undefined;
    const run = isSettled ? await engine.read(id) : undefined;
    const applied = { ...location, 'preference-applied': `wait=${seconds}` };
    if (run) return { status: 200 as const, headers: applied, body: toRunView(run, served) };
  }
  const run = await engine.read(id);
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
    const before = cursor === undefined ? undefined : readCursor(cursor);
    if (before === null)
      return { problem: 'bad-request', detail: 'cursor: take nextCursor of the page before' };
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

const readCursor = (cursor: string): number | null =>
  /^\d{1,15}$/.test(cursor) ? Number(cursor) : null;

/** Ended runs are read from the disk: others have their turn in between. */
async function toSummaries({ engine, workflow }: Served, runs: readonly RunSummary[]) {
  const breathe = createBreather();
  const sagas: readonly Saga<unknown>[] = workflow.versions;
  const summaries: Record<string, unknown>[] = [];
  for (const { id, version, acceptedAt, status } of runs) {
    const state = await engine.readState(id);
    const shown = state ? toStatus(state) : status;
    // Only of one that was not answered yet does it matter whether its call has left.
    const run = shown === 'accepted' ? await engine.read(id) : undefined;
    summaries.push({
      ...toIdField(workflow, id),
      status: run ? toLiveStatus(run) : shown,
      version,
      createdAt: toInstant(acceptedAt),
      degraded: state ? findDegraded(findDefinition(sagas, state), state) : [],
      writtenOff: state ? listWrittenOff(workflow, state) : [],
    });
    await breathe();
  }
  return summaries;
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
        return { problem: 'past-the-pivot' };
      case 'settled':
        return { problem: 'already-settled' };
      case 'quarantined':
        return { problem: 'quarantined' };
      case 'unknown-run':
        return toNotFound(workflow);
      default:
        return cancellation satisfies never;
    }
  };
