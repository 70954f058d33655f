/** Turns a request into what its contract says, or into every issue at once. */
import type { Issue, Operation } from '@baton/contracts';
import { z } from 'zod';
import type { HttpRequest } from './answer.ts';
import { inspectJson } from './json.ts';

const nothing = z.strictObject({});

export type Read<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly issues: readonly Issue[] };

const toPath = (root: string, path: readonly PropertyKey[]): string =>
  path.reduce<string>(
    (text, key) => (typeof key === 'number' ? `${text}[${key}]` : `${text}.${String(key)}`),
    root,
  );

/** Unknown fields are named one by one, so that each issue has its own path. */
const toIssues = (root: string, issue: z.core.$ZodIssue): readonly Issue[] =>
  issue.code === 'unrecognized_keys'
    ? issue.keys.map((key) => ({
        path: toPath(root, [...issue.path, key]),
        message: 'is not a known field',
      }))
    : [{ path: toPath(root, issue.path), message: issue.message }];

function parsePart(schema: z.ZodType, value: unknown, root: string): Read<unknown> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return { ok: true, value: parsed.data };
  return { ok: false, issues: parsed.error.issues.flatMap((issue) => toIssues(root, issue)) };
}

/** Keys are checked before the schema, which would not see all of them. */
export function readPart(schema: z.ZodType, value: unknown, root: string): Read<unknown> {
  const issues = inspectJson(value, root);
  return issues.length > 0 ? { ok: false, issues } : parsePart(schema, value, root);
}

interface Parts {
  readonly params: unknown;
  readonly query: unknown;
  readonly headers: unknown;
  readonly body: unknown;
}

const bodySchemaOf = (operation: Operation): z.ZodType =>
  ('body' in operation ? operation.body : undefined) ?? nothing.optional();
const headersSchemaOf = (operation: Operation): z.ZodType =>
  ('headers' in operation ? operation.headers : undefined) ?? z.unknown();

export function readRequest(operation: Operation, request: HttpRequest): Read<Parts> {
  const params = readPart(operation.params ?? nothing, request.params, 'params');
  const query = readPart(operation.query ?? nothing, request.query, 'query');
  const headers = parsePart(headersSchemaOf(operation), request.headers, 'headers');
  const body = readPart(bodySchemaOf(operation), request.body, 'body');
  if (params.ok && query.ok && headers.ok && body.ok) {
    return {
      ok: true,
      value: {
        params: params.value,
        query: query.value,
        headers: headers.value,
        body: body.value,
      },
    };
  }
  const issues = [params, query, headers, body].flatMap((part) => (part.ok ? [] : part.issues));
  return { ok: false, issues };
}
