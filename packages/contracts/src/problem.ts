/** RFC 9457 problem documents, and the problems that every operation shares. */
import { z } from 'zod';

export interface ProblemSpec {
  readonly status: number;
  readonly title: string;
  /** True: the participant has decided, nothing happened and nothing will under this key. */
  readonly refusal?: true;
}
export type ProblemSpecs = Readonly<Record<string, ProblemSpec>>;

export const Issue = z
  .object({
    path: z.string().meta({ description: 'Where in the request, such as body.lines[0].quantity' }),
    message: z.string(),
  })
  .meta({ id: 'Issue' });
export type Issue = z.infer<typeof Issue>;

export const Problem = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int().min(400).max(599),
    code: z.string().regex(/^[a-z][a-z0-9-]{0,63}$/),
    detail: z.string().optional(),
    issues: z.array(Issue).optional(),
    orderId: z.string().optional().meta({ description: 'Echoed by effects and their undo' }),
  })
  .meta({ id: 'Problem' });
export type Problem = z.infer<typeof Problem>;

export const problemType = 'application/problem+json';

export const generalProblems = {
  'bad-request': { status: 400, title: 'The request breaks the contract' },
  unauthorized: { status: 401, title: 'A bearer token is needed' },
  forbidden: { status: 403, title: 'The caller may not do this' },
  'cross-site': { status: 403, title: 'Pages of other sites change nothing here' },
  'not-found': { status: 404, title: 'There is nothing here' },
  'method-not-allowed': { status: 405, title: 'This path does not take this method' },
  'request-timeout': { status: 408, title: 'The request did not arrive in time; ask again' },
  'payload-too-large': { status: 413, title: 'The body is too large' },
  'unsupported-media-type': { status: 415, title: 'The body must be application/json' },
  'misdirected-request': { status: 421, title: 'This server does not answer for that host' },
  'headers-too-large': { status: 431, title: 'The headers are too large' },
  'internal-error': { status: 500, title: 'Something failed here' },
  unavailable: { status: 503, title: 'Not available now; try again later' },
} as const satisfies ProblemSpecs;

/** Answers of the key and the fence, shared by every effect and its undo. */
export const effectProblems = {
  'key-missing': { status: 400, title: 'The Idempotency-Key header is missing or malformed' },
  'key-reused': { status: 422, title: 'This key was used with another body' },
  fenced: { status: 409, title: 'This step was undone; it can no longer happen', refusal: true },
} as const satisfies ProblemSpecs;
