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
  problemsOf,
  problemType,
} from '@baton/contracts';
import { z } from 'zod';

type Json = Readonly<Record<string, unknown>>;

/** `input`: what is written to the wire, where unknown fields of replies are not forbidden. */
function toSchema(schema: z.ZodType): Json {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, {
    io: 'input',
    reused: 'inline',
    unrepresentable: 'any',
  });
  return rest;
}

const PropertyMap = z.object({
  properties: z.record(z.string(), z.record(z.string(), z.unknown())).default({}),
  required: z.array(z.string()).default([]),
});

function toParameters(place: 'path' | 'query' | 'header', schema: z.ZodType | undefined) {
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

const parametersOf = (operation: Operation) => [
  ...toParameters('path', operation.params),
  ...toParameters('query', operation.query),
  ...toParameters('header', 'headers' in operation ? operation.headers : undefined),
  ...(isFenced(operation) ? effectHeaders : []),
];

function toReplies(operation: Operation): Json {
  const type = operation.kind === 'stream' ? 'text/event-stream' : 'application/json';
  const replies = Object.entries<z.ZodType>(operation.replies);
  return Object.fromEntries(
    replies.map(([status, schema]) => {
      // The example is of the first reply listed only.
      const example = status === replies[0]?.[0] ? { example: operation.examples.reply } : {};
      return [
        status,
        {
          description: operation.summary,
          content: { [type]: { schema: toSchema(schema), ...example } },
        },
      ];
    }),
  );
}

const problemReference = { $ref: '#/components/schemas/Problem' };

/** A 404 for an unknown path, a 405 and the like are of no operation in particular. */
const elsewhere: ReadonlySet<string> = new Set([
  'not-found',
  'method-not-allowed',
  'unauthorized',
  'headers-too-large',
  'cross-site',
]);
const aboutBodies: ReadonlySet<string> = new Set(['payload-too-large', 'unsupported-media-type']);

const isListed = (operation: Operation, code: string): boolean =>
  !elsewhere.has(code) && (operation.method !== 'GET' || !aboutBodies.has(code));

function toProblems(operation: Operation): Json {
  const listed = Object.entries(problemsOf(operation)).filter(([code]) =>
    isListed(operation, code),
  );
  const byStatus = Map.groupBy(listed, ([, spec]) => spec.status);
  return Object.fromEntries(
    [...byStatus].map(([status, problems]) => [
      status,
      {
        description: problems.map(([code, { title }]) => `\`${code}\`: ${title}`).join('; '),
        content: {
          [problemType]: {
            schema: problemReference,
            examples: Object.fromEntries(
              problems.map(([code, { title }]) => [
                code,
                { value: { type: `urn:baton:problem:${code}`, title, status, code } },
              ]),
            ),
          },
        },
      },
    ]),
  );
}

const refusalsOf = (operation: Operation): readonly string[] =>
  Object.entries(problemsOf(operation)).flatMap(([code, { refusal }]) => (refusal ? [code] : []));

const toEffectExtensions = ({ undo, examples }: EffectOperation): Json => ({
  'x-baton-effect': { undo },
  ...(examples.refusal === undefined ? {} : { 'x-baton-refusal-example': examples.refusal }),
});

/** Enough for a checker to drive any participant from its own document. */
function toExtensions(operation: Operation): Json {
  if (!isFenced(operation)) return {};
  return {
    'x-baton-refusals': refusalsOf(operation),
    ...(operation.kind === 'effect' ? toEffectExtensions(operation) : {}),
  };
}

function toRequestBody(operation: Operation): Json {
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

const toEntry = (operation: Operation): Json => ({
  operationId: operation.name,
  summary: operation.summary,
  parameters: parametersOf(operation),
  ...toRequestBody(operation),
  // A 503 that is a reply of its own, as in readiness, stands before the problem.
  responses: { ...toProblems(operation), ...toReplies(operation) },
  ...toExtensions(operation),
});

const toPath = (path: string): string => path.replaceAll(/:(\w+)/g, '{$1}');

function toPaths(operations: readonly Operation[]): Json {
  const byPath = Map.groupBy(operations, ({ path }) => toPath(path));
  return Object.fromEntries(
    [...byPath].map(([path, known]) => [
      path,
      Object.fromEntries(known.map((o) => [o.method.toLowerCase(), toEntry(o)])),
    ]),
  );
}

export interface OpenApiDocument {
  readonly openapi: '3.1.0';
  readonly info: { readonly title: string; readonly version: string };
  readonly paths: Json;
  readonly components: Json;
}

export const toOpenApi = (service: string, operations: Operations): OpenApiDocument => ({
  openapi: '3.1.0',
  info: { title: service, version: String(contractVersions.get(service) ?? 1) },
  paths: toPaths([...Object.values(operations), healthLive(service), healthReady(service)]),
  components: { schemas: { Problem: toSchema(Problem) } },
});
