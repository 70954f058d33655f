import {
  generalProblems,
  type Issue,
  type Operation,
  type Problem,
  type ProblemSpecs,
  problemsOf,
  problemType,
} from '@baton/contracts';
import type { Headers, HttpAnswer } from './answer.ts';

export interface ProblemDetails {
  readonly detail?: string | undefined;
  readonly issues?: readonly Issue[] | undefined;
  readonly orderId?: string | undefined;
  readonly headers?: Headers | undefined;
}

/** Issues that are shown: a hostile body could have thousands. */
const issuesMax = 20;

function toDocument(specs: ProblemSpecs, code: string, details: ProblemDetails): Problem {
  const spec = Object.hasOwn(specs, code) ? specs[code] : undefined;
  if (spec === undefined) throw new Error(`The contract lists no problem ${code}`);
  return {
    type: `urn:baton:problem:${code}`,
    title: spec.title,
    status: spec.status,
    code,
    ...(details.detail === undefined ? {} : { detail: details.detail }),
    ...(details.issues === undefined ? {} : { issues: details.issues.slice(0, issuesMax) }),
    ...(details.orderId === undefined ? {} : { orderId: details.orderId }),
  };
}

const toAnswer = (document: Problem, headers: Headers = {}): HttpAnswer => ({
  status: document.status,
  headers: { ...headers, 'content-type': problemType },
  body: document,
});

/** A problem that this operation's contract lists; any other is a bug and throws. */
export const toProblemAnswer = (
  operation: Operation,
  code: string,
  details: ProblemDetails = {},
): HttpAnswer => toAnswer(toDocument(problemsOf(operation), code, details), details.headers);

/** A problem that belongs to no operation: no such path, a body that cannot be read. */
export const toGeneralProblem = (
  code: keyof typeof generalProblems,
  details: ProblemDetails = {},
): HttpAnswer => toAnswer(toDocument(generalProblems, code, details), details.headers);

/** A refusal of which nothing but the status is known. */
export function toStatusProblem(status: number, headers: Headers): HttpAnswer {
  const [known] = Object.entries(generalProblems).find(([, spec]) => spec.status === status) ?? [];
  const code = known ?? `status-${status}`;
  const specs = { [code]: { status, title: 'The request was refused' }, ...generalProblems };
  return toAnswer(toDocument(specs, code, {}), headers);
}

/** The path has routes, but none with this method. */
export function toOtherMethod(
  routes: readonly { readonly operation: Pick<Operation, 'method'> }[],
): HttpAnswer {
  const methods = routes.flatMap(({ operation: { method } }) =>
    method === 'GET' ? ['GET', 'HEAD'] : method,
  );
  return toGeneralProblem('method-not-allowed', { headers: { allow: methods.join(', ') } });
}

export const toUndecodable = (): HttpAnswer =>
  toGeneralProblem('bad-request', { issues: [{ path: 'path', message: 'cannot be decoded' }] });

/** A body. */
export function toUnreadable(status: number): HttpAnswer {
  switch (status) {
    case 413:
      return toGeneralProblem('payload-too-large');
    case 415:
      return toGeneralProblem('unsupported-media-type');
    default:
      return toGeneralProblem('bad-request', {
        issues: [{ path: 'body', message: 'cannot be read as JSON' }],
      });
  }
}

export function isRefusal(operation: Operation, code: string): boolean {
  const specs = problemsOf(operation);
  return Object.hasOwn(specs, code) && specs[code]?.refusal === true;
}
