/** Handlers with their exact types forgotten, so that one piece of code can call any of them. */
import type { Operation } from '@baton/contracts';
import { z } from 'zod';
import type { HttpAnswer } from './answer.ts';
import { type ProblemDetails, toProblemAnswer } from './problem-answer.ts';

export type LooseHandler = (first: unknown, second?: unknown) => unknown;

/** The boundary where the types are given up: replies are checked again. */
export const toLooseHandlers = (handlers: object): Readonly<Record<string, LooseHandler>> =>
  handlers as Readonly<Record<string, LooseHandler>>;

export const LooseProblem = z.object({
  problem: z.string(),
  detail: z.string().optional(),
  headers: z.record(z.string(), z.string()).optional(),
});
const LooseSuccess = z.object({
  status: z.int(),
  body: z.unknown(),
  headers: z.record(z.string(), z.string()).optional(),
});

/** A reply that breaks the contract is a bug here, so it throws. */
export function toSuccess(operation: Operation, answer: unknown): HttpAnswer {
  const { status, body, headers } = LooseSuccess.parse(answer);
  const schema = replyOf(operation, status);
  return {
    status,
    headers: { ...headers, 'content-type': 'application/json' },
    body: schema.parse(body),
  };
}

function replyOf(operation: Operation, status: number): z.ZodType {
  const replies: Readonly<Record<number, z.ZodType>> = operation.replies;
  const schema = replies[status];
  if (schema === undefined) throw new Error(`${operation.name} has no reply ${status}`);
  return schema;
}

export function toHttpAnswer(
  operation: Operation,
  answer: unknown,
  details: ProblemDetails = {},
): HttpAnswer {
  const problem = LooseProblem.safeParse(answer);
  return problem.success
    ? toProblemAnswer(operation, problem.data.problem, { ...details, ...problem.data })
    : toSuccess(operation, answer);
}
