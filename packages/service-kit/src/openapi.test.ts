import { existsSync, readFileSync } from 'node:fs';
import { serviceContracts } from '@baton/contracts';
import { inventoryOperations } from '@baton/contracts/inventory-service';
import { notificationOperations } from '@baton/contracts/notification-service';
import { describe, expect, it } from 'vitest';
import { toOpenApi } from './openapi.ts';
import { toOpenApiFiles } from './openapi-file.ts';

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
    expect(request.properties.lines.items.additionalProperties).toBe(false);
    expect(reply.additionalProperties).toBeUndefined();
  });

  it('writes parameters as OpenAPI does, and points at nothing outside itself', () => {
    for (const [service, operations] of serviceContracts) {
      const document = toOpenApi(service, operations);
      const text = JSON.stringify(document);
      expect(text).not.toMatch(/"\/[^"]*:[a-z]+/);
      const references = new Set(text.match(/"\$ref":"[^"]+"/g));
      expect([...references]).toEqual(['"$ref":"#/components/schemas/Problem"']);
    }
  });
});
