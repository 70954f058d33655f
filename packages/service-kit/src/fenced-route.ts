/** Effects and their undo: the fence's decisions as HTTP answers. */
import {
  type EffectOperation,
  type FencedOperation,
  keyHeader,
  replayedHeader,
  runIdOfKey,
  type UndoOperation,
} from '@baton/contracts';
import { markSpan, runTold } from '@baton/telemetry';
import { z } from 'zod';
import type { HttpAnswer, HttpRequest, ProblemAnswer, Work } from './answer.ts';
import type { Fence, UndoVerdict, Verdict } from './fence.ts';
import { inspectJson } from './json.ts';
import { type LooseHandler, LooseProblem, toHttpAnswer, toSuccess } from './loose-handler.ts';
import type { Memory } from './memory.ts';
import { isRefusal, type ProblemDetails, toProblemAnswer } from './problem-answer.ts';
import { type Read, readPart } from './request-reader.ts';

/** The service's tables, and the fence in the same file. */
export interface Ledger {
  readonly store: Memory;
  readonly fence: Fence;
  readonly now: () => number;
}

interface Fenced<O extends FencedOperation> {
  readonly operation: O;
  readonly handler: LooseHandler;
  readonly ledger: Ledger;
  readonly body: unknown;
  readonly key: string;
  readonly runId: string;
}

/** A body may name its run too, as `orderId`; the key is what counts. */
const Named = z.looseObject({ orderId: z.string() });

function readFencedBody(call: Fenced<FencedOperation>): Read<unknown> {
  const read = readPart(call.operation.body, call.body, 'body');
  const named = read.ok ? Named.safeParse(read.value).data : undefined;
  return named === undefined || named.orderId === call.runId
    ? read
    : { ok: false, issues: [{ path: 'body.orderId', message: 'is not the order of the key' }] };
}

const toWork = ({ key, runId, ledger }: Fenced<FencedOperation>): Work => ({
  db: ledger.store.db,
  key,
  runId,
  nowMs: ledger.now(),
});

const rejectBody = (call: Fenced<FencedOperation>, issues: ProblemDetails['issues']) => ({
  verdict: 'rejected' as const,
  reply: toProblemAnswer(call.operation, 'bad-request', { issues, orderId: call.runId }),
});

/** Runs inside the fence's transaction, and only where no row answers already. */
function runForward(call: Fenced<EffectOperation>): Verdict {
  const read = readFencedBody(call);
  if (!read.ok) return rejectBody(call, read.issues);
  const answer = call.handler(toWork(call), read.value);
  const reply = toHttpAnswer(call.operation, answer, { orderId: call.runId });
  if (reply.status < 300) return { verdict: 'done', reply };
  const { problem } = LooseProblem.parse(answer);
  return { verdict: isRefusal(call.operation, problem) ? 'refused' : 'rejected', reply };
}

function runUndo(call: Fenced<UndoOperation>, exists: boolean): UndoVerdict {
  const read = readFencedBody(call);
  if (!read.ok) return rejectBody(call, read.issues);
  const answer = exists ? call.handler(toWork(call), read.value) : undefined;
  if (answer === undefined) return { verdict: 'undone' };
  const { problem, ...details } = LooseProblem.parse(answer);
  return {
    verdict: 'rejected',
    reply: toProblemAnswer(call.operation, problem, { ...details, orderId: call.runId }),
  };
}

const toPart = ({ runId }: Pick<Fenced<FencedOperation>, 'runId'>) => ({
  name: 'fence',
  attributes: { 'baton.order.id': runId },
});

/** The fence's decision for the request's span: only once it is on the disk. */
const markFence = (call: Fenced<FencedOperation>, outcome: string): void =>
  markSpan({ 'baton.fence': outcome }, toPart(call));

async function forward(call: Fenced<EffectOperation>, fence: Fence): Promise<HttpAnswer> {
  const { operation, runId: orderId } = call;
  // The route is part of what a key was used for.
  const fingerprint = { operation: operation.name, body: call.body };
  let came: string = 'replayed';
  const result = await fence.forward(call.key, fingerprint, () => {
    const verdict = runForward(call);
    came = verdict.verdict;
    return verdict;
  });
  markFence(call, result.outcome === 'reply' ? came : result.outcome);
  if (result.outcome !== 'reply') return toProblemAnswer(operation, result.outcome, { orderId });
  return came === 'replayed' ? toReplay(result.reply) : result.reply;
}

async function undo(call: Fenced<UndoOperation>, fence: Fence): Promise<HttpAnswer> {
  const { operation, runId: orderId } = call;
  const fingerprint = { operation: operation.name, body: call.body };
  let came: string = 'replayed';
  const result = await fence.undo(call.key, fingerprint, (exists) => {
    const verdict = runUndo(call, exists);
    came = verdict.verdict === 'undone' && !exists ? 'nothing-to-undo' : verdict.verdict;
    return verdict;
  });
  markFence(call, result.outcome === 'key-reused' ? result.outcome : came);
  switch (result.outcome) {
    case 'undone': {
      const answer = toSuccess(operation, { status: 200, body: { orderId } });
      return came === 'replayed' ? toReplay(answer) : answer;
    }
    case 'rejected':
      return result.reply;
    case 'key-reused':
      return toProblemAnswer(operation, 'key-reused', { orderId });
    default:
      return result satisfies never;
  }
}

export async function respondFenced(
  operation: FencedOperation,
  handler: LooseHandler,
  ledger: Ledger,
  request: HttpRequest,
): Promise<HttpAnswer> {
  const key = request.headers[keyHeader] ?? '';
  const runId = runIdOfKey(key);
  if (runId === undefined) return toProblemAnswer(operation, 'key-missing');
  // Only what no body may ever hold: rules that may change are judged behind the row.
  const issues = inspectJson(request.body, 'body');
  if (issues.length > 0)
    return toAnswerOf(key, toProblemAnswer(operation, 'bad-request', { issues, orderId: runId }));
  const call = { handler, ledger, body: request.body, key, runId };
  const { name, attributes } = toPart(call);
  const answer = await runTold(name, attributes, () =>
    operation.kind === 'effect'
      ? forward({ ...call, operation }, ledger.fence)
      : undo({ ...call, operation }, ledger.fence),
  );
  return toAnswerOf(key, answer);
}

/** Names the request that it answers: between two machines, an answer may reach another caller. */
const toAnswerOf = (key: string, answer: HttpAnswer): HttpAnswer => ({
  ...answer,
  headers: { ...answer.headers, [keyHeader]: key },
});

const toReplay = (answer: HttpAnswer): HttpAnswer => ({
  ...answer,
  headers: { ...answer.headers, [replayedHeader]: 'true' },
});

/** Outside the fence: an undo that was declined once must still be possible. */
export const declineUndo = (
  operation: UndoOperation,
  decline: ProblemAnswer,
  request: HttpRequest,
): HttpAnswer =>
  toAnswerOf(
    request.headers[keyHeader] ?? '',
    toHttpAnswer(operation, decline, { orderId: runIdOfKey(request.headers[keyHeader] ?? '') }),
  );
