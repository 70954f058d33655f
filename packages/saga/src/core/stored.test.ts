import { runInNewContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import { storedMax, toStored } from './stored.ts';

class Money {
  readonly amount = 5;
}
const loop: Record<string, unknown> = {};
loop.self = loop;
const deep = (levels: number): unknown =>
  Array.from({ length: levels }).reduce<unknown>((inner) => [inner], 1);

describe('what the journal can keep', () => {
  test.each([
    ['nothing', undefined],
    ['null', null],
    ['texts, numbers and booleans', ['a', '\ud800', 1.5, 0, true, false]],
    ['objects within lists', [{ lines: [{ sku: 'mug' }] }]],
    ['an object without a prototype', Object.assign(Object.create(null), { a: 1 })],
    ['a field of an odd name', JSON.parse('{"__proto__": 1, "constructor": 2}')],
    ['a hundred levels', deep(98)],
  ])('is %s', (_, value) => {
    expect(toStored(value, 'output')).toEqual(value);
  });

  test('is a copy, and lacks what is undefined', () => {
    const value = { list: [1], gone: undefined };
    const copy = toStored(value, 'output');
    value.list.push(2);
    expect(copy).toStrictEqual({ list: [1] });
  });

  test('is what another realm made, where it is plain', () => {
    expect(toStored(runInNewContext('({ a: [1, { b: null }] })'), 'output')).toEqual({
      a: [1, { b: null }],
    });
    expect(() => toStored(runInNewContext('new Map()'), 'output')).toThrow('output is a Map');
  });

  test.each([
    ['a Date', { at: new Date(0) }, 'output.at is a Date'],
    ['a Map', [new Map()], 'output.0 is a Map'],
    ['a Set', new Set(), 'output is a Set'],
    ['bytes', { body: new Uint8Array(1) }, 'output.body is a Uint8Array'],
    ['an Error', new TypeError('secret'), 'output is a TypeError'],
    ['an instance of a class', { price: new Money() }, 'output.price is a Money'],
    ['a list of a class', [1, class extends Array {}.of(1)], 'output.1 is a '],
    ['a boxed number', Object(1), 'output is a Number'],
    ['NaN', { n: Number.NaN }, 'output.n is NaN'],
    ['an infinite number', [Number.NEGATIVE_INFINITY], 'output.0 is -Infinity'],
    ['-0', { n: -0 }, 'output.n is -0'],
    ['a bigint', { lines: [{ n: 1n }] }, 'output, at n, is a bigint'],
    ['a function', { next: () => 1 }, 'output.next is a function'],
    ['a symbol', [Symbol('secret')], 'output.0 is a symbol'],
    ['a symbol for a key', { a: { [Symbol('secret')]: 1 } }, 'output.a is an object with symbols'],
    ['undefined in a list', [1, undefined], 'output.1 is undefined'],
    ['a gap in a list', new Array(2), 'output.0 is undefined'],
    ['a field of a list', Object.assign([1], { total: 1 }), 'output.total is 1'],
    ['a form of its own', { toJSON: () => ({}) }, 'output.toJSON is a function'],
    ['an inherited form', Object.create({ toJSON: () => 1 }), 'output is an object'],
    ['a part of itself', loop, 'circular'],
    ['more levels than anybody reads', deep(101), 'output is more than 100 levels deep'],
    ['more than there is room for', 'x'.repeat(storedMax), 'output is larger than 1048576'],
  ])('is not %s', (_, value, why) => {
    expect(() => toStored(value, 'output')).toThrow(why);
    expect(() => toStored(value, 'output')).toThrow(TypeError);
    expect(() => toStored(value, 'output')).not.toThrow('secret');
  });
});
