/** One check: what was sent, what should have come, what came. */
import { keyHeader, Problem, problemType } from '@baton/contracts';
import { toOneLine } from '@baton/telemetry';
import type { z } from 'zod';
import type { Order } from './order-request.ts';
import { type Answer, hasType, readJson } from './wire.ts';

export interface Finding {
  readonly operation: string;
  readonly check: string;
  readonly sent: string;
  readonly expected: string;
  readonly came: string;
  readonly passed: boolean;
}

export interface Expectation {
  readonly text: string;
  readonly fits: (answer: Answer) => boolean;
}

const cameLengthMax = 200;

function toCame({ status, headers, text }: Answer): string {
  if (status === 0) return `no answer: ${text}`;
  const type = headers.get('content-type')?.split(';')[0] ?? 'no content-type';
  const oneLine = text.replaceAll(/\s+/g, ' ').slice(0, cameLengthMax);
  return `${status} ${type} ${oneLine}`.trim();
}

type Question = Pick<Finding, 'operation' | 'check' | 'sent'>;

export const judge = (
  question: Question,
  { text, fits }: Expectation,
  answer: Answer,
): Finding => ({
  ...question,
  expected: text,
  came: toCame(answer),
  passed: fits(answer),
});

export const toLine = ({ operation, check, sent, expected, came, passed }: Finding): string =>
  toOneLine(
    `${passed ? 'pass' : 'FAIL'}  ${operation}: ${check} | sent ${sent} | expected ${expected} | came ${came}`,
  );

/** An answer names its request by the key, or by `orderId` in its body; if it has both, both must be right. */
function isOf({ headers, text }: Answer, { id, key }: Order): boolean {
  const echoed = headers.get(keyHeader);
  const { orderId } = Object(readJson(text));
  if (echoed === null && orderId === undefined) return false;
  return (echoed ?? key) === key && (orderId ?? id) === id;
}

export const ok = (order: Order): Expectation => ({
  text: '200 application/json with the key or the run id',
  fits: (answer) =>
    answer.status === 200 && hasType(answer, 'application/json') && isOf(answer, order),
});

export const replyOf = (schema: z.ZodType): Expectation => ({
  text: 'a body as the document describes it',
  fits: (answer) => schema.safeParse(readJson(answer.text)).success,
});

function readProblem(answer: Answer): Problem | undefined {
  if (!hasType(answer, problemType)) return undefined;
  const problem = Problem.safeParse(readJson(answer.text));
  return problem.success && problem.data.status === answer.status ? problem.data : undefined;
}

/** A problem document of that status; for refusals and the fence also its code and our order. */
export const problem = (status: number, code?: string, order?: Order): Expectation => ({
  text: `${status} ${problemType}${code === undefined ? '' : ` ${code}`}${order ? ' with the key or the run id' : ''}`,
  fits: (answer) => {
    const document = readProblem(answer);
    if (document?.status !== status) return false;
    return (
      (code === undefined || document.code === code) && (order === undefined || isOf(answer, order))
    );
  },
});

export const either = (one: Expectation, other: Expectation): Expectation => ({
  text: `${one.text}, or ${other.text}`,
  fits: (answer) => one.fits(answer) || other.fits(answer),
});

export const sameAs = (first: Answer): Expectation => ({
  text: `the same bytes as before: ${first.status}`,
  fits: (answer) => answer.status === first.status && answer.text === first.text,
});
