/** The components of an OpenAPI document: schemas and responses that have a name, or recur, stand there once. */
import { z } from 'zod';

export type Json = Readonly<Record<string, unknown>>;

export interface Components {
  /** Schemas with an `id` stand under it. `input`: as callers write it; replies may say more. */
  readonly toSchema: (schema: z.ZodType) => Json;
  readonly toResponse: (response: NamedResponse) => Json;
  /** All components referred to so far. */
  readonly list: () => Json;
}

export interface NamedResponse {
  readonly name: string;
  readonly value: Json;
}

const Definition = z.record(z.string(), z.unknown());
const Converted = z.object({
  properties: z.object({ it: Definition }),
  $defs: z.record(z.string(), Definition).default({}),
});

/** As the field of another schema, since a reference never replaces the outermost one. */
function convert(schema: z.ZodType) {
  const options = { io: 'input', reused: 'inline', unrepresentable: 'any' } as const;
  const text = JSON.stringify(z.toJSONSchema(z.object({ it: schema }), options));
  return Converted.parse(JSON.parse(text.replaceAll('"#/$defs/', '"#/components/schemas/')));
}

/** Of two responses under one name, the first keeps it. */
function findShared(responses: readonly NamedResponse[]): ReadonlyMap<string, string> {
  const texts = responses.map(({ name, value }) => ({ name, text: JSON.stringify(value) }));
  const shared = new Map<string, string>();
  for (const { name, text } of texts) {
    const isRepeated = texts.filter((other) => other.text === text).length > 1;
    if (isRepeated && !shared.has(name)) shared.set(name, text);
  }
  return shared;
}

/** `responses`: all responses of the document that may be shared. */
export function createComponents(responses: readonly NamedResponse[]): Components {
  const shared = findShared(responses);
  const schemas = new Map<string, Json>();
  const define = (name: string, schema: Json): void => {
    const known = schemas.get(name);
    if (known && JSON.stringify(known) !== JSON.stringify(schema))
      throw new Error(`two schemas of one document have the id ${name}: give each its own`);
    schemas.set(name, schema);
  };
  return {
    toSchema(schema) {
      const { properties, $defs } = convert(schema);
      for (const [name, definition] of Object.entries($defs)) define(name, definition);
      return properties.it;
    },
    toResponse: ({ name, value }) =>
      shared.get(name) === JSON.stringify(value)
        ? { $ref: `#/components/responses/${name}` }
        : value,
    list: () => ({
      schemas: Object.fromEntries(schemas),
      responses: Object.fromEntries(
        Array.from(shared, ([name, text]) => [name, JSON.parse(text)] as const),
      ),
    }),
  };
}
