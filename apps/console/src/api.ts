/** Requests to the orchestrator, and the operator's token, which is kept in memory alone. */
import type {
  Alert,
  Audit,
  Fault,
  FaultState,
  Found,
  Overview,
  ParticipantState,
  Product,
  RunStory,
  RunView,
  WorkflowDescription,
} from '@baton/contracts';
import { signal } from '@preact/signals';

export interface Catalog {
  readonly products: readonly Product[];
  readonly stale: boolean;
  readonly at: string;
}
export type Answer<T> =
  | { readonly ok: true; readonly status: number; readonly body: T }
  /** `why` is for people. */
  | { readonly ok: false; readonly status: number; readonly code: string; readonly why: string };

interface Request {
  /** Default: GET. */
  readonly method?: 'POST' | 'PUT' | 'DELETE';
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Only operators may read it. */
  readonly isOperators?: boolean;
  readonly deadlineMs?: number;
  /** Nobody wants the answer any more: its connection is free for others. */
  readonly signal?: AbortSignal | undefined;
  /** Low: others, which somebody waits for, go first. */
  readonly priority?: 'low' | undefined;
}

/** An orchestrator that is frozen takes requests, and never answers. */
const deadlineMs = 10_000;
/** A process that was killed is waited for. */
const killDeadlineMs = 20_000;

/** Set while the person is asked for the token; called with the token, or with undefined. */
export const tokenWanted = signal<((token: string | undefined) => void) | undefined>(undefined);
let operatorToken: string | undefined;

async function send(path: string, request: Request): Promise<Response> {
  const { method, body, headers, signal, priority } = request;
  const deadline = AbortSignal.timeout(request.deadlineMs ?? deadlineMs);
  return fetch(path, {
    signal: signal ? AbortSignal.any([signal, deadline]) : deadline,
    ...(priority && { priority }),
    ...(method && { method }),
    headers: {
      ...headers,
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...(operatorToken && { authorization: `Bearer ${operatorToken}` }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
}

let wanted: Promise<string | undefined> | undefined;

/** Asks the person once for all requests that need the token meanwhile. */
export async function wantToken(): Promise<void> {
  wanted ??= new Promise((resolve) => {
    tokenWanted.value = resolve;
  });
  operatorToken = await wanted;
  tokenWanted.value = undefined;
  wanted = undefined;
}

/** Public reads need no token. */
async function sendAs(path: string, request: Request): Promise<Response> {
  const response = await send(path, request);
  const { method, isOperators } = request;
  if (response.status !== 401 || !(method || isOperators)) return response;
  await wantToken();
  return operatorToken ? send(path, request) : response;
}

async function ask<T>(path: string, request: Request = {}): Promise<Answer<T>> {
  try {
    const response = await sendAs(path, request);
    if (response.status === 401) operatorToken = undefined;
    const body = await response.json().catch(() => ({}));
    if (response.ok) return { ok: true, status: response.status, body };
    const { code = `status-${response.status}`, title, detail } = body;
    return { ok: false, status: response.status, code, why: detail ?? title ?? code };
  } catch {
    return { ok: false, status: 0, code: 'offline', why: 'The orchestrator does not answer.' };
  }
}

export const readWorkflows = () =>
  ask<{ readonly workflows: readonly WorkflowDescription[] }>('/workflows');
export const readOverview = (signal?: AbortSignal) => ask<Overview>('/overview', { signal });
export const readParticipants = (signal: AbortSignal) =>
  ask<{ readonly participants: readonly ParticipantState[] }>('/participants', { signal });
export const readAlerts = (signal: AbortSignal) =>
  ask<{ readonly alerts: readonly Alert[] }>('/alerts?limit=50', { signal });
export const readAudit = (signal: AbortSignal) => ask<Audit>('/audit', { signal });
export const readCatalog = (path: string, signal: AbortSignal) => ask<Catalog>(path, { signal });

const toPath = ({ plural }: WorkflowDescription, id = ''): string => `/${plural}/${id}`;

export type RunsPage = Readonly<Record<string, unknown>> & { readonly nextCursor: string | null };
export const readRuns = (workflow: WorkflowDescription, cursor: string | null) =>
  ask<RunsPage>(`/${workflow.plural}?limit=100${cursor === null ? '' : `&cursor=${cursor}`}`);
export const readRun = (workflow: WorkflowDescription, id: string) =>
  ask<RunView>(toPath(workflow, id));
export const readStory = (workflow: WorkflowDescription, id: string) =>
  ask<RunStory>(`${toPath(workflow, id)}/story`);

interface Search {
  readonly found: readonly Found[];
  readonly looked: number;
  readonly nextCursor: string | null;
}
export function searchRuns(word: string, cursor: string | null): Promise<Answer<Search>> {
  const query = new URLSearchParams({ word, ...(cursor !== null && { cursor }) });
  return ask(`/search?${query}`, { isOperators: true });
}

/** Over http, from another machine, a browser has no `crypto.randomUUID`. */
export const createKey = (): string =>
  [...crypto.getRandomValues(new Uint32Array(4))].map((part) => part.toString(36)).join('-');

interface Placing {
  readonly key: string;
  readonly baggage?: string | undefined;
  readonly priority?: 'low';
}
export const placeRun = (
  workflow: WorkflowDescription,
  body: unknown,
  { key, baggage, priority }: Placing,
) =>
  ask<Readonly<Record<string, unknown>>>(`/${workflow.plural}`, {
    method: 'POST',
    body,
    priority,
    headers: { 'idempotency-key': key, ...(baggage && { baggage }) },
  });
export const cancelRun = (workflow: WorkflowDescription, id: string) =>
  ask(`${toPath(workflow, id)}/cancel`, { method: 'POST' });
export const retryRun = (workflow: WorkflowDescription, id: string, reason: string) =>
  ask(`${toPath(workflow, id)}/retry`, { method: 'POST', body: { reason } });
export const skipStep = (
  workflow: WorkflowDescription,
  id: string,
  body: { readonly step: string; readonly reason: string },
) => ask(`${toPath(workflow, id)}/skip`, { method: 'POST', body });

type Faults = { readonly faults: readonly FaultState[] };
export const readFaults = (signal: AbortSignal) => ask<Faults>('/faults', { signal });
/** Changes nothing, and asks the person for the token where it is needed. */
export const askLeave = () => ask<Faults>('/faults', { isOperators: true });
export const setFault = (operation: string, fault: Fault) =>
  ask<FaultState>(`/faults/${operation}`, { method: 'PUT', body: fault });
export const clearFault = (operation: string) =>
  ask<FaultState>(`/faults/${operation}`, { method: 'DELETE' });
export const clearFaults = () => ask<Faults>('/faults', { method: 'DELETE' });
export const crashOrchestrator = () =>
  ask<Readonly<Record<string, never>>>('/faults/crash', { method: 'POST' });
export const killParticipant = (name: string) =>
  ask<{ readonly servedAgainAfterMs: number | null }>(`/faults/crash/${name}`, {
    method: 'POST',
    deadlineMs: killDeadlineMs,
  });
