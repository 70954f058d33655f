/** A participant as its own OpenAPI document describes it: its effects, their undo, its reads. */
import { z } from 'zod';

export type Body = Readonly<Record<string, unknown>>;

export interface Effect {
  readonly name: string;
  readonly path: string;
  readonly body: Body;
  readonly undo: { readonly path: string; readonly body: Body } | undefined;
  readonly refusal: { readonly code: string; readonly body: Body } | undefined;
  /** Of the body of a 200. */
  readonly reply: z.ZodType;
}
export interface Description {
  readonly effects: readonly Effect[];
  /** Paths that can be read without knowing anything: they show what an effect changed. */
  readonly reads: readonly string[];
}
export type Read =
  | { readonly ok: true; readonly description: Description }
  | { readonly ok: false; readonly problems: readonly string[] };

const Body = z.record(z.string(), z.unknown());
const Content = z.looseObject({
  'application/json': z.looseObject({
    example: Body.optional(),
    schema: z.record(z.string(), z.unknown()).optional(),
  }),
});
const Operation = z.looseObject({
  operationId: z.string().optional(),
  requestBody: z.looseObject({ content: Content }).optional(),
  responses: z.looseObject({ 200: z.looseObject({ content: Content }).optional() }).default({}),
  'x-baton-effect': z.object({ undo: z.string().nullable() }).optional(),
  'x-baton-refusal-example': z.object({ code: z.string(), body: Body }).optional(),
});
type Operation = z.infer<typeof Operation>;
const PathItem = z.looseObject({ get: Operation.optional(), post: Operation.optional() });
const Document = z.looseObject({
  openapi: z.string().regex(/^3\.1\./, 'must be 3.1'),
  paths: z.record(z.string(), PathItem),
});
type Document = z.infer<typeof Document>;

const REFERENCES_DEPTH_MAX = 20;

const follow = (document: unknown, reference: string): unknown =>
  reference
    .replace(/^#\//, '')
    .split('/')
    .reduce<unknown>((value, name) => {
      const fields = Body.safeParse(value);
      return fields.success ? fields.data[name] : undefined;
    }, document);

/** Puts what a reference points at in its place; a circle ends as anything at all. */
const inline = (document: unknown, value: unknown, depth = 0): unknown => {
  if (depth > REFERENCES_DEPTH_MAX) return {};
  if (Array.isArray(value)) return value.map((item) => inline(document, item, depth + 1));
  const fields = Body.safeParse(value);
  if (!fields.success) return value;
  const { $ref } = fields.data;
  if (typeof $ref === 'string') return inline(document, follow(document, $ref), depth + 1);
  return Object.fromEntries(
    Object.entries(fields.data).map(([name, child]) => [name, inline(document, child, depth + 1)]),
  );
};

const exampleOf = (operation: Operation | undefined): Body | undefined =>
  operation?.requestBody?.content['application/json'].example;

const toReplySchema = (document: Document, operation: Operation): z.ZodType => {
  const schema = operation.responses[200]?.content['application/json'].schema ?? {};
  return z.fromJSONSchema(z.record(z.string(), z.unknown()).parse(inline(document, schema)));
};

const toEffect = (
  document: Document,
  path: string,
  operation: Operation,
  problems: string[],
): Effect | undefined => {
  const name = operation.operationId ?? `POST ${path}`;
  const body = exampleOf(operation);
  const undoPath = operation['x-baton-effect']?.undo ?? undefined;
  const undoBody = undoPath === undefined ? {} : exampleOf(document.paths[undoPath]?.post);
  if (typeof body?.orderId !== 'string')
    problems.push(`${name} has no request example with an orderId`);
  if (undoBody === undefined)
    problems.push(`${name} is undone by ${undoPath}, which has no request example`);
  if (body === undefined || undoBody === undefined) return undefined;
  return {
    name,
    path,
    body,
    undo: undoPath === undefined ? undefined : { path: undoPath, body: undoBody },
    refusal: operation['x-baton-refusal-example'],
    reply: toReplySchema(document, operation),
  };
};

const toReads = (document: Document): readonly string[] =>
  Object.entries(document.paths).flatMap(([path, { get }]) =>
    get === undefined || path.includes('{') || path.startsWith('/health/') ? [] : [path],
  );

export const readDescription = (json: unknown): Read => {
  const parsed = Document.safeParse(json);
  if (!parsed.success) {
    const problems = parsed.error.issues.map(({ path, message }) => `${path.join('.')} ${message}`);
    return { ok: false, problems };
  }
  const document = parsed.data;
  const problems: string[] = [];
  const effects = Object.entries(document.paths).flatMap(([path, { post }]) => {
    if (post?.['x-baton-effect'] === undefined) return [];
    return toEffect(document, path, post, problems) ?? [];
  });
  if (effects.length === 0 && problems.length === 0)
    problems.push('no operation has x-baton-effect');
  return problems.length > 0
    ? { ok: false, problems }
    : { ok: true, description: { effects, reads: toReads(document) } };
};
