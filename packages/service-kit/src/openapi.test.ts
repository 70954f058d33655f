import { existsSync, readFileSync } from 'node:fs';
import { defineOperation, serviceContracts } from '@baton/contracts';
import { inventoryOperations } from '@baton/contracts/inventory-service';
import { notificationOperations } from '@baton/contracts/notification-service';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { toOpenApi } from './openapi.ts';
import { toOpenApiFiles } from './openapi-file.ts';

const Parts = z.record(z.string(), z.record(z.string(), z.unknown()));
const Path = z.record(z.string(), z.object({ responses: z.record(z.string(), z.unknown()) }));
const Components = z.object({ schemas: Parts, responses: Parts });

describe('docs/openapi', () => {
  it.each(toOpenApiFiles().map((file) => [file.url.pathname.split('/').at(-1), file] as const))(
    '%s says what the contract says (else: npm run openapi)',
    (_name, { url, text }) => {
      expect(existsSync(url) ? readFileSync(url, 'utf8') : '').toBe(text);
    },
  );
});

describe('a document', () => {
  const inventory = toOpenApi('inventory-service', inventoryOperations);

  it('says of an effect how it is undone, what refuses it and which key it needs', () => {
    expect(inventory.paths).toMatchObject({
      '/reserve': {
        post: {
          'x-baton-effect': { undo: '/release' },
          'x-baton-refusals': ['fenced', 'out-of-stock', 'unknown-sku'],
          'x-baton-refusal-example': { code: 'unknown-sku' },
          parameters: [
            { name: 'idempotency-key', in: 'header', required: true },
            { name: 'baton-attempt', in: 'header', required: false },
          ],
        },
      },
    });
    const notify = toOpenApi('notification-service', notificationOperations).paths['/notify'];
    expect(notify).toMatchObject({ post: { 'x-baton-effect': { undo: null } } });
  });

  it('lists problems by status, those that share one together', () => {
    expect(inventory.paths).toMatchObject({
      '/reserve': {
        post: {
          responses: {
            409: {
              content: {
                'application/problem+json': {
                  examples: { fenced: {}, 'out-of-stock': {}, 'unknown-sku': {} },
                },
              },
            },
          },
        },
      },
    });
  });

  it('forbids unknown fields in requests and allows them in replies', () => {
    const text = JSON.stringify(inventory.paths['/reserve']);
    const { requestBody, responses } = JSON.parse(text).post;
    const request = requestBody.content['application/json'].schema;
    const reply = responses[200].content['application/json'].schema;
    expect(request.additionalProperties).toBe(false);
    expect(request.properties.lines.items).toEqual({ $ref: '#/components/schemas/Line' });
    expect(reply.additionalProperties).toBeUndefined();
    expect(reply.properties.lines.items).toEqual({ $ref: '#/components/schemas/LineReply' });
    const { Line, LineReply } = Components.parse(inventory.components).schemas;
    expect(Line?.additionalProperties).toBe(false);
    expect(LineReply?.additionalProperties).toBeUndefined();
  });

  it('writes parameters as OpenAPI does, and points at nothing outside itself', () => {
    for (const [service, operations] of serviceContracts) {
      const document = toOpenApi(service, operations);
      const text = JSON.stringify(document);
      expect(text).not.toMatch(/"\/[^"]*:[a-z]+/);
      const { schemas, responses } = Components.parse(document.components);
      const there = [...Object.keys(schemas), ...Object.keys(responses)];
      const names = [...text.matchAll(/"\$ref":"([^"]+)"/g)].map(([, name]) => name);
      const known = there.flatMap((name) => [
        `#/components/schemas/${name}`,
        `#/components/responses/${name}`,
      ]);
      expect(names.filter((name) => !known.includes(String(name)))).toEqual([]);
    }
  });

  it.each([...serviceContracts])(
    'of %s says nothing twice that has a name',
    (service, operations) => {
      const { components, paths } = toOpenApi(service, operations);
      const { schemas, responses } = Components.parse(components);
      const text = JSON.stringify(paths);
      for (const part of [...Object.values(schemas), ...Object.values(responses)])
        expect(text).not.toContain(JSON.stringify(part));
      const problems = Object.values(paths)
        .flatMap((path) => Object.values(Path.parse(path)))
        .flatMap((operation) => Object.values(operation.responses))
        .map((response) => JSON.stringify(response))
        .filter((response) => response.includes('problem+json'));
      expect(new Set(problems).size).toBe(problems.length);
    },
  );

  const Size = z.int().meta({ id: 'Size' });
  const toDocument = (further: z.ZodType) => {
    const read = { service: 's', kind: 'read', method: 'GET', summary: 's', problems: {} } as const;
    const examples = { reply: 1 };
    const first = defineOperation({
      ...read,
      name: 's.a',
      path: '/a',
      replies: { 200: Size },
      examples,
    });
    const second = { ...first, name: 's.b', path: '/b', replies: { 200: further } } as const;
    return toOpenApi('s', { first, second });
  };

  it('names no two schemas alike', () => {
    expect(() => toDocument(z.string().meta({ id: 'Size' }))).toThrow('the id Size');
    expect(toDocument(z.int().meta({ id: 'Size' })).components).toMatchObject({
      schemas: { Size: { type: 'integer' } },
    });
  });
});
