import { expect, it } from 'vitest';
import { readFunctionLengths } from './function-length.ts';

const steps = (count: number) =>
  Array.from(
    { length: count },
    (_, n) => `    .step('s${n}', {\n      perform: () => ok(),\n    })`,
  );

const lengths = (...lines: readonly string[]) =>
  readFunctionLengths('of.ts', lines.join('\n')).map((each) => each.lines);

it('counts the lines of a function and of those within it that say something', () => {
  const text = ['function a() {', '', '  const b = () => {', '    // why', '    c();', '  };', '}'];
  expect(lengths(...text)).toEqual([3, 2]);
});

it('does not count a saga’s definition, however many its steps', () => {
  const [first] = lengths(
    'const create = (participants: P) =>',
    "  saga<Order>('place-order', { version: 1 })",
    ...steps(40),
    '    .end();',
  );
  expect(first).toBe(0);
});

it('counts what stands around a definition, and the functions in it', () => {
  const found = lengths(
    'function create() {',
    '  before();',
    "  return saga('place-order')",
    "    .step('reserve', {",
    '      perform: () => {',
    '        one();',
    '        two();',
    '      },',
    '    })',
    '    .end();',
    '}',
  );
  expect(found).toEqual([3, 3]);
});

it('counts the calls of any other builder', () => {
  const [first] = lengths('const create = () =>', "  router('x')", ...steps(2), '    .end();');
  expect(first).toBe(6);
});
