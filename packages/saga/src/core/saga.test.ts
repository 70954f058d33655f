import { describe, expect, expectTypeOf, test } from 'vitest';
import { anyInput } from '../fixtures/any-input.ts';
import { triesDefaults } from './policy.ts';
import { ok, type Reply } from './reply.ts';
import { findSaga, type Operation, type Saga, saga } from './saga.ts';

interface Order {
  readonly customerId: string;
  readonly lines: readonly { readonly sku: string }[];
  readonly payment: { readonly method: 'card'; readonly token: string };
}
const reserve: Operation<
  { orderId: string; lines: Order['lines'] },
  { reservationId: string }
> = async () => ok({ reservationId: 'r1' });
const release: Operation<{ reservationId: string }, null> = async () => ok(null);
const done = async (): Promise<Reply<null>> => ok(null);
const begin = () => saga('order', { version: 1, input: anyInput<Order>() });
const reserved = () =>
  begin().step('reserve', {
    perform: ({ id, input, call }) => call(reserve, { orderId: id, lines: input.lines }),
    undo: done,
  });
test('a definition is found by its name, its version and its structure together', () => {
  const known = begin().end();
  const others = [
    { ...known, name: 'other' },
    { ...known, version: 2 },
    { ...known, structure: 'other' },
  ];
  for (const other of others) {
    expect(findSaga([known], other)).toBeUndefined();
    expect(findSaga([other], known)).toBeUndefined();
  }
  expect(findSaga([...others, known], known)).toBe(known);
});

/** Its body is for the compiler alone. */
function compilesOnly(_: () => unknown): void {}

describe('a definition', () => {
  test('names its steps, their order, kinds and undos in its structure', () => {
    const { structure } = begin()
      .step('quote', { perform: done, undo: null })
      .step('reserve', { perform: done, undo: done, alternate: { perform: done, undo: null } })
      .pivot('pay', { perform: done, undo: { perform: done } })
      .later('mail', { perform: done })
      .end();
    expect(structure).toBe(
      'step:quote(no-undo) step:reserve(undo|no-undo) pivot:pay(undo) later:mail(no-undo)',
    );
  });

  test('fills in keys, participants and policies', () => {
    const { plan } = begin()
      .step('pay', {
        participant: 'bank',
        timeoutMs: 10,
        perform: done,
        undo: { perform: done, retry: { attemptsMax: 3 } },
        alternate: { perform: done, undo: done },
      })
      .pivot('book', { perform: done, undo: null })
      .later('mail', { perform: done })
      .end();
    const [pay, , mail] = plan;
    expect(pay).toMatchObject({
      repeatable: false,
      first: {
        name: 'pay',
        participant: 'bank',
        tries: { ...triesDefaults.forward, timeoutMs: 10 },
      },
      alternate: { name: 'pay:alt', participant: 'pay:alt', tries: triesDefaults.forward },
    });
    expect(pay?.first.undo?.tries).toEqual({ ...triesDefaults.undo, attemptsMax: 3 });
    expect(mail).toMatchObject({
      repeatable: true,
      first: { tries: triesDefaults.later, undo: null },
      alternate: null,
    });
  });

  test('calls what it was given, and keeps apart only the secrets that it names', () => {
    const undo = async (): Promise<Reply<null>> => ok(null);
    const definition = begin()
      .step('pay', { perform: done, undo })
      .pivot('book', { perform: done, undo: { perform: undo } })
      .end();
    expect(definition.plan.map(({ first }) => first.undo?.perform)).toEqual([undo, undo]);
    expect(definition.plan.map(({ first }) => first.perform)).toEqual([done, done]);
    expect(definition.secrets).toEqual([]);
  });

  test('cannot be changed once it ended', () => {
    const builder = begin().step('pay', { perform: done, undo: null });
    const definition = builder.end();
    builder.step('ship', { perform: done, undo: null });
    expect(definition.plan).toHaveLength(1);
    expect(Object.isFrozen(definition) && Object.isFrozen(definition.plan)).toBe(true);
  });

  test.each([0, -1, 1.5, Number.NaN])('is refused with version %s', (version) => {
    const define = () => saga('order', { version, input: anyInput() });
    expect(define).toThrow(RangeError);
    expect(define).toThrow('saga order: the version must be a whole number from 1');
  });

  test.each(['', 'Order', '1st', 'a b', 'pay:alt', 'x'.repeat(42)])(
    'is refused where it or a step is named "%s"',
    (name) => {
      const define = () => saga(name, { version: 1, input: anyInput() });
      const add = () => begin().step(name, { perform: done, undo: null });
      expect(define).toThrow(RangeError);
      expect(define).toThrow(`'${name}' is no saga name; use lower case`);
      expect(add).toThrow(RangeError);
      expect(add).toThrow(`saga order: '${name}' is no step name; use lower case`);
    },
  );

  test('is refused when plain JavaScript names a step twice', () => {
    const twice = begin().step('pay', { perform: done, undo: null });
    const again: string = 'pay';
    expect(() => twice.step(again, { perform: done, undo: null })).toThrow('defined twice');
  });

  test('is refused by plain JavaScript that forgets or mistakes a part of it', () => {
    const plain = begin() as unknown as Record<string, (...given: unknown[]) => typeof plain>;
    const add = (kind: string, step: unknown, definition: unknown) => () =>
      plain[kind]?.(step, definition);
    const whole = { perform: done, undo: done };
    expect(add('step', 5, whole)).toThrow("'5' is no step name");
    expect(add('step', 'alt', whole)).toThrow('and not alt');
    for (const wrong of [
      undefined,
      {},
      { perform: done },
      { undo: null },
      { perform: 'x', undo: null },
    ])
      expect(add('step', 'pay', wrong)).toThrow("saga order: 'pay' needs perform");
    expect(add('step', 'pay', { ...whole, undo: {} })).toThrow("'pay' needs perform");
    for (const participant of ['', 5])
      expect(add('step', 'pay', { ...whole, participant })).toThrow("'pay' needs perform");
    expect(add('step', 'pay', { ...whole, alternate: { perform: done } })).toThrow("'pay' needs");
    expect(add('step', 'pay', { ...whole, repeatable: 'false' })).toThrow(
      "'pay': repeatable must be true or false",
    );
    expect(add('later', 'mail', { perform: done })).toThrow("'mail' is out of order");
    add('pivot', 'pay', whole)();
    expect(add('pivot', 'again', whole)).toThrow("'again' is out of order");
    expect(add('step', 'ship', whole)).toThrow("'ship' is out of order");
    expect(add('later', 'mail', whole)).toThrow("'mail' needs perform");
    const define = saga as unknown as (...given: unknown[]) => unknown;
    expect(() => define({ toString: () => 'order' }, { version: 1 })).toThrow('is no saga name');
    expect(() => define('order')).toThrow('the version must be');
    for (const input of [undefined, {}, { '~standard': {} }])
      expect(() => define('order', { version: 1, input })).toThrow('must be a Standard Schema');
    // Letter by letter, a text would hide nothing.
    for (const secrets of ['token', [5], {}])
      expect(() => define('order', { version: 1, input: anyInput(), secrets })).toThrow(
        'secrets must be a list of texts',
      );
  });

  test('is refused with a policy that makes no sense', () => {
    const retry = { attemptsMax: 0 };
    expect(() => begin().step('pay', { perform: done, undo: null, retry })).toThrow(RangeError);
    expect(() => begin().step('pay', { perform: done, undo: { perform: done, retry } })).toThrow(
      RangeError,
    );
  });
});

describe('what compiles', () => {
  test('sees the outputs of the steps before', () => {
    compilesOnly(() =>
      reserved().step('ship', {
        perform: ({ done: { reserve: reservation } }) => {
          expectTypeOf(reservation).toEqualTypeOf<{ reservationId: string }>();
          return done();
        },
        undo: null,
      }),
    );
  });

  test('ends as a saga of its input and of its outputs', () => {
    const ended = reserved().pivot('pay', { perform: done, undo: null });
    expectTypeOf(ended.end()).toEqualTypeOf<
      Saga<Order, { readonly reserve: { reservationId: string }; readonly pay: null }>
    >();
    expectTypeOf(ended.end()).toExtend<Saga<Order>>();
    expectTypeOf(ended.end()).toExtend<Saga<unknown>>();
  });

  test('sees that a deferred step may have no output', () => {
    compilesOnly(() =>
      reserved()
        .pivot('pay', { perform: done, undo: null })
        .later('mail', { perform: async () => ok('sent') })
        .later('log', {
          perform: ({ done: { mail } }) => {
            expectTypeOf(mail).toEqualTypeOf<string | undefined>();
            return done();
          },
        }),
    );
  });

  test('names secrets by their path', () => {
    const options = { version: 1, input: anyInput<Order>() };
    expect(saga('order', { ...options, secrets: ['payment.token'] }).end().secrets).toEqual([
      'payment.token',
    ]);
  });
});

// Each line below is checked by tsc: an expected error that is none fails the type check.
describe('what does not compile', () => {
  test('a body that the operation does not take', () => {
    compilesOnly(() =>
      begin().step('reserve', {
        // @ts-expect-error lines are missing
        perform: ({ id, call }) => call(reserve, { orderId: id }),
        undo: null,
      }),
    );
  });

  test('an output of a step that comes later, or never', () => {
    compilesOnly(() =>
      begin().step('ship', {
        // @ts-expect-error nothing was reserved yet
        perform: async ({ done: { reserve: reservation } }) => ok(reservation),
        undo: null,
      }),
    );
  });

  test('an undo that trusts an output which may never have arrived', () => {
    compilesOnly(() =>
      begin().step('reserve', {
        perform: ({ id, input, call }) => call(reserve, { orderId: id, lines: input.lines }),
        // @ts-expect-error the output may be undefined
        undo: ({ output, call }) => call(release, { reservationId: output.reservationId }),
      }),
    );
  });

  test('a step that does not say how it is undone', () => {
    // @ts-expect-error undo is missing
    compilesOnly(() => begin().step('reserve', { perform: done }));
  });

  test('a name twice', () => {
    // @ts-expect-error 'reserve' is defined twice
    compilesOnly(() => reserved().step('reserve', { perform: done, undo: null }));
    // @ts-expect-error 'reserve' is defined twice
    compilesOnly(() => reserved().pivot('reserve', { perform: done, undo: null }));
  });

  test('a second pivot, or a step that would have to be undone, after the pivot', () => {
    const paid = () => reserved().pivot('pay', { perform: done, undo: null });
    // @ts-expect-error there is one pivot
    compilesOnly(() => paid().pivot('pay-again', { perform: done, undo: null }));
    // @ts-expect-error after the pivot there are deferred steps only
    compilesOnly(() => paid().step('ship', { perform: done, undo: null }));
    // @ts-expect-error after the pivot nothing is undone
    compilesOnly(() => paid().later('mail', { perform: done, undo: done }));
  });

  test('a deferred step before the pivot', () => {
    // @ts-expect-error what comes before the pivot is done or undone
    compilesOnly(() => reserved().later('mail', { perform: done }));
  });

  test('an output that JSON would change', () => {
    compilesOnly(() => [
      // @ts-expect-error a Date comes back as a string
      begin().step('a', { perform: async () => ok({ at: new Date() }), undo: null }),
      // @ts-expect-error a Map comes back empty
      begin().step('b', { perform: async () => ok(new Map([['x', 1]])), undo: null }),
      // @ts-expect-error a function does not come back
      begin().step('c', { perform: async () => ok({ retry: () => 1 }), undo: null }),
      // @ts-expect-error a bigint cannot be written
      begin().step('d', { perform: async () => ok([1n]), undo: null }),
    ]);
  });

  test('an input that JSON would change', () => {
    // @ts-expect-error a Date comes back as a string
    compilesOnly(() => saga('order', { version: 1, input: anyInput<{ due: Date }>() }));
  });

  test('an alternate whose output is another', () => {
    compilesOnly(() =>
      begin().step('pay', {
        perform: async () => ok({ paymentId: 'p1' }),
        undo: null,
        // @ts-expect-error the steps after this one count on a paymentId
        alternate: { perform: async () => ok({ receipt: 1 }), undo: null },
      }),
    );
  });

  test('a participant that is not one of those listed, or none', () => {
    const listed = () =>
      saga<Order, 'bank' | 'stock'>('order', { version: 1, input: anyInput<Order>() });
    compilesOnly(() => [
      // @ts-expect-error there is no bnak
      listed().step('pay', { participant: 'bnak', perform: done, undo: null }),
      // @ts-expect-error the step's own name is none of them
      listed().step('pay', { perform: done, undo: null }),
      listed().pivot('pay', {
        participant: 'bank',
        perform: done,
        undo: null,
        // @ts-expect-error there is no stok
        alternate: { participant: 'stok', perform: done, undo: null },
      }),
    ]);
  });

  test('a secret path that does not exist', () => {
    const input = anyInput<Order>();
    // @ts-expect-error there is no payment.pin
    compilesOnly(() => saga('order', { version: 1, input, secrets: ['payment.pin'] }));
    // @ts-expect-error there is no card
    compilesOnly(() => saga('order', { version: 1, input, secrets: ['card'] }));
  });
});
