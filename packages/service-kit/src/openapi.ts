/** A service's OpenAPI 3.1 document, derived from its contract. */
import {
  attemptHeader,
  contractVersions,
  type EffectOperation,
  effectKeyPattern,
  exampleEffectKey,
  healthLive,
  healthReady,
  isFenced,
  keyHeader,
  type Operation,
  type Operations,
  Problem,
  type ProblemSpec,
  problemsOf,
  problemType,
} from '@baton/contracts';
import { z } from 'zod';
import {
  type Components,
  createComponents,
  type Json,
  type NamedResponse,
} from './openapi-components.ts';

const PropertyMap = z.object({
  properties: z.record(z.string(), z.record(z.string(), z.unknown())).default({}),
  required: z.array(z.string()).default([]),
});

function toParameters(
  { toSchema }: Components,
  place: 'path' | 'query' | 'header',
  schema: z.ZodType | undefined,
) {
  if (schema === undefined) return [];
  const { properties, required } = PropertyMap.parse(toSchema(schema));
  return Object.entries(properties).map(([name, { description, ...property }]) => ({
    name,
    in: place,
    required: required.includes(name),
    ...(description === undefined ? {} : { description }),
    schema: property,
  }));
}

const effectHeaders = [
  {
    name: keyHeader,
    in: 'header',
    required: true,
    description: 'One per order and step, the same on every attempt and for the undo',
    schema: { type: 'string', pattern: effectKeyPattern },
    example: exampleEffectKey,
  },
  {
    name: attemptHeader,
    in: 'header',
    required: false,
    description: 'Which attempt this is; it changes nothing that is done',
    schema: { type: 'integer', minimum: 1 },
  },
];

const parametersOf = (operation: Operation, components: Components) => [
  ...toParameters(components, 'path', operation.params),
  ...toParameters(components, 'query', operation.query),
  ...toParameters(components, 'header', 'headers' in operation ? operation.headers : undefined),
  ...(isFenced(operation) ? effectHeaders : []),
];

/** A stream is text as a whole; the schema is that of the data of one event. */
function toContent(operation: Operation, schema: Json, examples: readonly unknown[]): Json {
  if (operation.kind !== 'stream') {
    const [example] = examples;
    return { 'application/json': { schema, ...(example === undefined ? {} : { example }) } };
  }
  const type = 'text/event-stream';
  const [example] = examples.map((data) => `data: ${JSON.stringify(data)}\n\n`);
  return {
    [type]: { schema: { type: 'string', contentMediaType: type, contentSchema: schema }, example },
  };
}

function toReplies(operation: Operation, { toSchema }: Components): Json {
  const replies = Object.entries<z.ZodType>(operation.replies);
  return Object.fromEntries(
    replies.map(([status, schema]) => {
      // Only the first listed reply has an example.
      const examples = status === replies[0]?.[0] ? [operation.examples.reply] : [];
      const content = toContent(operation, toSchema(schema), examples);
      return [status, { description: operation.summary, content }];
    }),
  );
}

/** A 404 for an unknown path, a 405 and the like belong to no operation. */
const elsewhere: ReadonlySet<string> = new Set([
  'not-found',
  'method-not-allowed',
  'headers-too-large',
  'cross-site',
  'forbidden',
]);
const aboutBodies: ReadonlySet<string> = new Set(['payload-too-large', 'unsupported-media-type']);

const isListed = (operation: Operation, code: string): boolean =>
  !elsewhere.has(code) &&
  (operation.method !== 'GET' || !aboutBodies.has(code)) &&
  (operation.access === 'operator' || code !== 'unauthorized');

/** By status. */
function listProblems(operation: Operation): readonly (readonly [string, NamedResponse])[] {
  const listed = Object.entries(problemsOf(operation)).filter(([code]) =>
    isListed(operation, code),
  );
  const byStatus = Map.groupBy(listed, ([, spec]) => spec.status);
  return Array.from(byStatus, ([status, problems]) => [
    String(status),
    {
      name: problems.map(([code]) => code).join('-or-'),
      value: {
        description: problems.map(([code, { title }]) => `\`${code}\`: ${title}`).join('; '),
        content: { [problemType]: toProblemBody(problems) },
      },
    },
  ]);
}

const toProblemBody = (problems: readonly [string, ProblemSpec][]): Json => ({
  schema: { $ref: '#/components/schemas/Problem' },
  examples: Object.fromEntries(
    problems.map(([code, { title, status }]) => [
      code,
      { value: { type: `urn:baton:problem:${code}`, title, status, code } },
    ]),
  ),
});

const toProblems = (operation: Operation, { toResponse }: Components): Json =>
  Object.fromEntries(
    listProblems(operation).map(([status, response]) => [status, toResponse(response)]),
  );

const refusalsOf = (operation: Operation): readonly string[] =>
  Object.entries(problemsOf(operation)).flatMap(([code, { refusal }]) => (refusal ? [code] : []));

const toEffectExtensions = ({ undo, examples }: EffectOperation): Json => ({
  'x-baton-effect': { undo },
  ...(examples.refusal === undefined ? {} : { 'x-baton-refusal-example': examples.refusal }),
});

/** Enough for a checker to drive any participant from its own document. */
function toExtensions(operation: Operation): Json {
  if (!isFenced(operation)) return {};
  const { template } = operation.examples;
  return {
    'x-baton-refusals': refusalsOf(operation),
    ...(template === undefined ? {} : { 'x-baton-template': template }),
    ...(operation.kind === 'effect' ? toEffectExtensions(operation) : {}),
  };
}

function toRequestBody(operation: Operation, { toSchema }: Components): Json {
  const schema = 'body' in operation ? operation.body : undefined;
  if (schema === undefined) return {};
  const example = operation.examples.body;
  return {
    requestBody: {
      required: true,
      content: { 'application/json': { schema: toSchema(schema), example } },
    },
  };
}

const toEntry = (operation: Operation, components: Components): Json => ({
  operationId: operation.name,
  summary: operation.summary,
  ...(operation.access === 'operator' ? { security: [{ operator: [] }] } : {}),
  parameters: parametersOf(operation, components),
  ...toRequestBody(operation, components),
  // A 503 among the replies, as in readiness, stands before the problem.
  responses: { ...toProblems(operation, components), ...toReplies(operation, components) },
  ...toExtensions(operation),
});

const toPath = (path: string): string => path.replaceAll(/:(\w+)/g, '{$1}');

function toPaths(operations: readonly Operation[], components: Components): Json {
  const byPath = Map.groupBy(operations, ({ path }) => toPath(path));
  return Object.fromEntries(
    [...byPath].map(([path, known]) => [
      path,
      Object.fromEntries(known.map((o) => [o.method.toLowerCase(), toEntry(o, components)])),
    ]),
  );
}

export interface OpenApiDocument {
  readonly openapi: '3.1.0';
  readonly info: { readonly title: string; readonly version: string };
  readonly paths: Json;
  readonly components: Json;
}

const operatorScheme = {
  type: 'http',
  scheme: 'bearer',
  description: 'OPERATOR_TOKEN. Where none is set, this machine alone is answered, with none',
};

export function toOpenApi(service: string, operations: Operations): OpenApiDocument {
  const all: readonly Operation[] = [
    ...Object.values(operations),
    healthLive(service),
    healthReady(service),
  ];
  const responses = all.flatMap(listProblems).map(([, response]) => response);
  const components = createComponents(responses);
  components.toSchema(Problem);
  const paths = toPaths(all, components);
  const isOperated = all.some(({ access }) => access === 'operator');
  return {
    openapi: '3.1.0',
    info: { title: service, version: String(contractVersions.get(service) ?? 1) },
    paths,
    components: {
      ...components.list(),
      ...(isOperated ? { securitySchemes: { operator: operatorScheme } } : {}),
    },
  };
}
