/**
 * What the page knows of all runs, kept up to date by one stream of events.
 *
 * 1. The stream is opened before the list is read, and goes on behind the last event seen: no gap.
 * 2. The page knows an event that it saw by its number within its run: no double.
 * 3. However many events come, the page is drawn once a frame.
 */
import type { Found, RunSummary, WorkflowDescription } from '@baton/contracts';
import { signal } from '@preact/signals';
import {
  type Answer,
  type RunsPage,
  readOverview,
  readRun,
  readRuns,
  readWorkflows,
} from './api.ts';
import { coalesced } from './coalesced.ts';
import { follow, type StreamEvent } from './event-stream.ts';
import { applyEvent, isUnclear, type Row, type RunEvent } from './rows.ts';
import { isSettled } from './words.ts';

export type Connection = 'connecting' | 'live' | 'lost';

export const connection = signal<Connection>('connecting');
export const workflows = signal<readonly WorkflowDescription[]>([]);
/** Grows with each frame in which anything changed. */
export const frame = signal(0);
/** Whether things may be broken here on purpose. */
export const isBreakable = signal(false);
/** How long nobody answered before the next process did, in milliseconds. */
export const takeOver = signal<{ readonly ms: number; readonly at: number } | null>(null);

export const rows = new Map<string, Row>();
/** Ids by their prefix, the oldest first: live runs are only appended. */
const ids = new Map<string, string[]>();
export const listIds = ({ idPrefix }: WorkflowDescription): readonly string[] =>
  ids.get(idPrefix) ?? [];

/** Runs of all workflows, as far as the page has heard. */
export const listOpen = (): readonly string[] =>
  [...rows.values()].flatMap(({ id, status }) => (isSettled(status) ? [] : [id]));

/** Beyond this, the page forgets runs of a workflow, the oldest first, and reads no older ones. */
const rowsMax = 12_000;
const forgottenAtOnce = 1_000;

/** How often each fault was met, such as `payment.process:reset`, since the page was opened. */
export const hits = new Map<string, number>();

function noteHit(note: unknown): void {
  const fault = typeof note === 'string' ? /^injected (\S+)$/.exec(note)?.[1] : undefined;
  if (fault) hits.set(fault, (hits.get(fault) ?? 0) + 1);
}

let isDrawn = true;
function draw(): void {
  if (!isDrawn) return;
  isDrawn = false;
  requestAnimationFrame(() => {
    isDrawn = true;
    frame.value += 1;
  });
}

const listeners = new Map<string, () => void>();

/** Calls back after each event of a run; returns how to stop. */
export function onRunEvent(id: string, listener: () => void): () => void {
  listeners.set(id, listener);
  return () => {
    if (listeners.get(id) === listener) listeners.delete(id);
  };
}

export const findWorkflow = (id: string): WorkflowDescription | undefined =>
  workflows.value.find(({ idPrefix }) => id.startsWith(idPrefix));

/** What runs are called where they may be of any workflow. */
export function nameRuns(): Pick<WorkflowDescription, 'noun' | 'plural'> {
  const [only, another] = workflows.value;
  return another || !only ? { noun: 'run', plural: 'runs' } : only;
}

export const toId = ({ noun }: WorkflowDescription, body: unknown): string =>
  String(Object(body)[`${noun}Id`]);

function hear({ type, data }: StreamEvent): void {
  if (type === 'reset') {
    load();
    return;
  }
  const event = data as RunEvent & Readonly<Record<string, unknown>>;
  const workflow = workflows.value.find(({ noun }) => typeof event[`${noun}Id`] === 'string');
  if (!workflow) return;
  const id = toId(workflow, event);
  const before = rows.get(id);
  const row = applyEvent(before, id, event);
  if (row === before) return;
  rows.set(id, row);
  if (!before) append(workflow, id);
  noteHit(event.note);
  if (isUnclear(row, event)) askFor(id);
  listeners.get(id)?.();
  draw();
}

/** Workflows with forgotten runs: their next page would leave out the forgotten ones. */
const shortened = new Set<string>();

/** Whether no older runs can be read any more, though there are some. */
export const isFull = ({ idPrefix }: WorkflowDescription): boolean =>
  shortened.has(idPrefix) || (ids.get(idPrefix)?.length ?? 0) >= rowsMax;

function append({ idPrefix }: WorkflowDescription, id: string): void {
  const list = ids.get(idPrefix) ?? [];
  if (!ids.has(idPrefix)) ids.set(idPrefix, list);
  list.push(id);
  if (list.length <= rowsMax) return;
  for (const old of list.splice(0, forgottenAtOnce)) rows.delete(old);
  shortened.add(idPrefix);
}

/** One request at a time, so that a thousand unclear runs do not drown the orchestrator. */
const asked = new Set<string>();
let isAsking = false;
function askFor(id: string): void {
  asked.add(id);
  if (!isAsking) void answerAll();
}

async function answerAll(): Promise<void> {
  isAsking = true;
  for (const id of asked) {
    asked.delete(id);
    const workflow = findWorkflow(id);
    const answer = workflow && (await readRun(workflow, id));
    const row = rows.get(id);
    if (row && answer?.ok) {
      rows.set(id, { ...row, ...toShown(answer.body) });
      draw();
    }
  }
  isAsking = false;
}

const toShown = ({ status, degraded }: Pick<RunSummary, 'status' | 'degraded'>) => ({
  status,
  degraded,
});

/** Where the next page of each workflow begins; null at the end. Unset until the first page was read. */
const cursors = new Map<string, string | null>();

export const isRead = ({ plural }: WorkflowDescription): boolean => cursors.has(plural);

/** A row that is known from live events is newer. */
function addOlder({ idPrefix }: WorkflowDescription, found: readonly Row[]): void {
  const unknown = found.filter(({ id }) => !rows.has(id));
  for (const row of unknown) rows.set(row.id, row);
  const all = [...unknown.map(({ id }) => id), ...(ids.get(idPrefix) ?? [])];
  ids.set(
    idPrefix,
    all.sort((a, b) => (rows.get(a)?.createdAt ?? 0) - (rows.get(b)?.createdAt ?? 0)),
  );
  draw();
}

function addPage(workflow: WorkflowDescription, page: RunsPage): void {
  cursors.set(workflow.plural, page.nextCursor);
  const lines = page[workflow.plural] as readonly RunSummary[];
  addOlder(
    workflow,
    lines.map((line) => toRow(toId(workflow, line), line)),
  );
}

const readingOlder = new Set<string>();

/** The next hundred runs, the newest of the unknown ones; nothing while they are asked for already. */
export async function loadOlder(workflow: WorkflowDescription): Promise<void> {
  const { plural } = workflow;
  const cursor = cursors.get(plural);
  if (!cursor || isFull(workflow) || readingOlder.has(plural)) return;
  readingOlder.add(plural);
  const answer = await readRuns(workflow, cursor);
  readingOlder.delete(plural);
  // Meanwhile the page may have started anew.
  if (answer.ok && cursors.get(plural) === cursor) addPage(workflow, answer.body);
}

export const addFound = (workflow: WorkflowDescription, found: readonly Found[]): void =>
  addOlder(
    workflow,
    found.map((line) => toRow(line.id, line)),
  );

export const hasOlder = ({ plural, idPrefix }: WorkflowDescription): boolean =>
  shortened.has(idPrefix) || typeof cursors.get(plural) === 'string';

const toRow = (id: string, line: RunSummary): Row => ({
  id,
  seq: 0,
  createdAt: Date.parse(line.createdAt),
  endedAt: null,
  step: null,
  code: null,
  ...toShown(line),
});

const askAgainMs = 1_000;

async function untilAnswered<T>(ask: () => Promise<Answer<T>>): Promise<T> {
  for (;;) {
    const answer = await ask();
    if (answer.ok) return answer.body;
    await new Promise((resolve) => setTimeout(resolve, askAgainMs));
  }
}

/** Starts anew: rows may come from events that are no more. */
const load = coalesced(async () => {
  const described = await untilAnswered(readWorkflows);
  workflows.value = described.workflows;
  rows.clear();
  ids.clear();
  cursors.clear();
  shortened.clear();
  await Promise.all(
    described.workflows.map(async (workflow) => {
      addPage(workflow, await untilAnswered(() => readRuns(workflow, null)));
    }),
  );
});

let startedAt: string | undefined;
let lostAt: number | null = null;
let backAt = 0;

/** Learns whether another process answers than before. */
const meet = coalesced(async () => {
  const overview = await untilAnswered(() => readOverview());
  // It was lost again: the next connection asks anew.
  if (connection.value !== 'live') return;
  if (startedAt !== undefined && startedAt !== overview.startedAt && lostAt !== null)
    takeOver.value = { ms: backAt - lostAt, at: backAt };
  isBreakable.value = overview.breakable;
  startedAt = overview.startedAt;
  lostAt = null;
});

function onConnection(isLive: boolean): void {
  connection.value = isLive ? 'live' : 'lost';
  if (isLive) {
    backAt = Date.now();
    meet();
  } else lostAt ??= Date.now();
}

export function startLive(): () => void {
  const stopping = new AbortController();
  void follow('/events', { onEvent: hear, onConnection, signal: stopping.signal });
  return () => stopping.abort();
}
