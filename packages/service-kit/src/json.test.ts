import fc from 'fast-check';
import { expect, it } from 'vitest';
import { inspectJson, toCanonicalJson } from './json.ts';

/** The same value with the keys of every object in the opposite order. */
function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, child]) => [key, reversed(child)]),
  );
}

it('equal values give one text in whatever order their keys came, and still parse to themselves', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const text = toCanonicalJson(value);
      expect(toCanonicalJson(reversed(value))).toBe(text);
      expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
    }),
  );
});

it.each([
  ['{"a":1}', '{"a":"1"}'],
  ['{"a":[1,2]}', '{"a":[2,1]}'],
  ['{"a":{}}', '{"a":[]}'],
  ['{"a":null}', '{}'],
  ['{"__proto__":{"a":1}}', '{}'],
])('%s and %s give two texts', (one, other) => {
  expect(toCanonicalJson(JSON.parse(one))).not.toBe(toCanonicalJson(JSON.parse(other)));
});

it('names every forbidden key by its path', () => {
  const body = JSON.parse('{"a":[{"__proto__":1}],"constructor":{"prototype":2},"b":3}');
  expect(inspectJson(body, 'body').map(({ path }) => path)).toEqual([
    'body.a[0].__proto__',
    'body.constructor',
  ]);
});

it('allows sixteen levels and no more', () => {
  const nested = (levels: number): unknown => JSON.parse('['.repeat(levels) + ']'.repeat(levels));
  expect(inspectJson(nested(16), 'body')).toEqual([]);
  expect(inspectJson(nested(17), 'body')).toHaveLength(1);
});
