import { describe, expect, it } from 'vitest';
import { readDescription } from './description.ts';

const toJson = (example: unknown, schema: unknown = {}) => ({
  content: { 'application/json': { example, schema } },
});
const order = { orderId: 'ord_1' };

const toDocument = (effect: object, further: object = {}) => ({
  openapi: '3.1.0',
  paths: {
    '/hold': { post: { requestBody: toJson(order), 'x-baton-effect': { undo: null }, ...effect } },
    ...further,
  },
});

describe('a document', () => {
  it('may hold what is of no interest here', () => {
    const page = { get: { responses: { 200: { content: { 'text/html': {} } } } } };
    const upload = { post: { requestBody: { content: { 'multipart/form-data': {} } } } };
    const read = readDescription(toDocument({}, { '/page': page, '/upload': upload }));
    expect(read).toMatchObject({ ok: true, description: { reads: ['/page'] } });
  });

  it('may point at a schema that points at itself', () => {
    const node = { type: 'object', properties: { next: { $ref: '#/components/schemas/Node' } } };
    const responses = { 200: toJson(undefined, { $ref: '#/components/schemas/Node' }) };
    const read = readDescription({
      ...toDocument({ responses }),
      components: { schemas: { Node: node } },
    });
    const reply = read.ok ? read.description.effects[0]?.reply : undefined;
    expect(reply?.safeParse({ next: {} }).success).toBe(true);
    expect(reply?.safeParse({ next: 1 }).success).toBe(true);
    expect(reply?.safeParse([]).success).toBe(false);
  });

  it.each([
    [undefined, /.*/],
    [{ openapi: '3.0.3', paths: {} }, /must be 3\.1/],
    [{ openapi: '3.1.0', paths: {} }, /no operation has x-baton-effect/],
    [toDocument({ requestBody: {} }), /no request example/],
    [toDocument({ 'x-baton-template': [] }), /x-baton-template/],
    [toDocument({ 'x-baton-effect': { undo: '/drop' } }), /its undo \/drop has no request example/],
    [toDocument({ responses: { 200: toJson(order, { type: 'wrong' }) } }), /cannot be read/],
  ])('says what is missing, case %#', (document, expected) => {
    const read = readDescription(document);
    expect(read.ok ? [] : read.problems.join('; ')).toMatch(expected);
  });
});
