/** A participant as its own OpenAPI document describes it: its effects, their undo, its reads. */
import { z } from 'zod';

export type Body = Readonly<Record<string, unknown>>;
/** Bodies that orders take in turn. */
export type Bodies = readonly [Body, ...Body[]];

export interface Effect {
  readonly name: string;
  readonly path: string;
  readonly bodies: Bodies;
  readonly undo: { readonly path: string; readonly bodies: Bodies } | undefined;
  readonly refusal: { readonly code: string; readonly body: Body } | undefined;
  /** The schema of a 200's body. */
  readonly reply: z.ZodType;
}
export interface Description {
  readonly effects: readonly Effect[];
  /** Paths without parameters: their reads show what an effect changed. */
  readonly reads: readonly string[];
}
export type Read =
  | { readonly ok: true; readonly description: Description }
  | { readonly ok: false; readonly problems: readonly string[] };

const Body = z.record(z.string(), z.unknown());
/** Parses only the parts that are used: documents hold much else, and in many shapes. */
const Json = z.looseObject({
  example: Body.optional(),
  schema: z.record(z.string(), z.unknown()).optional(),
});
const Message = z.looseObject({
  content: z.looseObject({ 'application/json': Json.optional() }).optional(),
});
const Operation = z.looseObject({
  operationId: z.string().optional(),
  requestBody: Message.optional(),
  responses: z.looseObject({ 200: Message.optional() }).default({}),
  'x-baton-effect': z.object({ undo: z.string().nullable() }).optional(),
  'x-baton-template': z.union([z.tuple([Body], Body), Body]).optional(),
  'x-baton-refusal-example': z.object({ code: z.string(), body: Body }).optional(),
});
type Operation = z.infer<typeof Operation>;
const PathItem = z.looseObject({ get: z.unknown().optional(), post: Operation.optional() });
const Document = z.looseObject({
  openapi: z.string().regex(/^3\.1\./, 'must be 3.1'),
  paths: z.record(z.string(), PathItem),
});
type Document = z.infer<typeof Document>;

const follow = (document: unknown, reference: string): unknown =>
  reference
    .replace(/^#\//, '')
    .split('/')
    .reduce<unknown>((value, name) => {
      const fields = Body.safeParse(value);
      return fields.success ? fields.data[name] : undefined;
    }, document);

/** Resolves references; a circle ends as a schema for anything. */
function inline(document: unknown, value: unknown, seen: readonly string[] = []): unknown {
  if (Array.isArray(value)) return value.map((item) => inline(document, item, seen));
  const fields = Body.safeParse(value);
  if (!fields.success) return value;
  const { $ref } = fields.data;
  if (typeof $ref === 'string') {
    return seen.includes($ref) ? {} : inline(document, follow(document, $ref), [...seen, $ref]);
  }
  return Object.fromEntries(
    Object.entries(fields.data).map(([name, child]) => [name, inline(document, child, seen)]),
  );
}

/** A template where the same request for another order would be refused, else the example. */
function bodiesOf(operation: Operation | undefined): Bodies | undefined {
  const example = operation?.requestBody?.content?.['application/json']?.example;
  const bodies = operation?.['x-baton-template'] ?? example;
  return bodies === undefined || isSeveral(bodies) ? bodies : [bodies];
}

const isSeveral = (bodies: Bodies | Body): bodies is Bodies => Array.isArray(bodies);

/** Undefined for a schema that cannot be checked here. */
function toReplySchema(document: Document, operation: Operation): z.ZodType | undefined {
  const schema = operation.responses[200]?.content?.['application/json']?.schema ?? {};
  try {
    return z.fromJSONSchema(z.record(z.string(), z.unknown()).parse(inline(document, schema)));
  } catch {
    return undefined;
  }
}

function toEffect(
  document: Document,
  path: string,
  operation: Operation,
): Effect | readonly string[] {
  const name = operation.operationId ?? `POST ${path}`;
  const bodies = bodiesOf(operation);
  const undoPath = operation['x-baton-effect']?.undo ?? undefined;
  const undo = undoPath === undefined ? ([{}] as const) : bodiesOf(document.paths[undoPath]?.post);
  const reply = toReplySchema(document, operation);
  if (bodies === undefined) return [`${name} has no request example`];
  if (undo === undefined) return [`${name}: its undo ${undoPath} has no request example`];
  if (reply === undefined) return [`${name}: the schema of its 200 cannot be read`];
  return {
    name,
    path,
    bodies,
    undo: undoPath === undefined ? undefined : { path: undoPath, bodies: undo },
    refusal: operation['x-baton-refusal-example'],
    reply,
  };
}

const toReads = (document: Document): readonly string[] =>
  Object.entries(document.paths).flatMap(([path, { get }]) =>
    get === undefined || path.includes('{') || path.startsWith('/health/') ? [] : [path],
  );

export function readDescription(json: unknown): Read {
  const parsed = Document.safeParse(json);
  if (!parsed.success) {
    const problems = parsed.error.issues.map(({ path, message }) => `${path.join('.')} ${message}`);
    return { ok: false, problems };
  }
  const document = parsed.data;
  const read = Object.entries(document.paths).flatMap(([path, { post }]) =>
    post?.['x-baton-effect'] === undefined ? [] : [toEffect(document, path, post)],
  );
  const effects = read.filter((effect) => 'reply' in effect);
  const problems = read.flatMap((effect) => ('reply' in effect ? [] : effect));
  if (read.length === 0) problems.push('no operation has x-baton-effect');
  return problems.length > 0
    ? { ok: false, problems }
    : { ok: true, description: { effects, reads: toReads(document) } };
}
