import { expect, test } from 'vitest';
import { restoreSecrets, separateSecrets } from './secret.ts';

const input = { customer: 'c1', payment: { method: 'card', token: 'tok_1' }, pin: '0000' };

test('takes secrets out and puts them back, without touching what was handed in', () => {
  const before = structuredClone(input);
  const parts = separateSecrets(input, ['payment.token', 'pin']);
  expect(parts.secrets).toEqual({ 'payment.token': 'tok_1', pin: '0000' });
  expect(JSON.stringify(parts.input)).toBe('{"customer":"c1","payment":{"method":"card"}}');
  expect(restoreSecrets(JSON.parse(JSON.stringify(parts.input)), parts.secrets)).toEqual(before);
  expect(input).toEqual(before);
});

test('takes nothing where the field is missing', () => {
  expect(separateSecrets({ payment: null }, ['payment.token', 'pin'])).toStrictEqual({
    input: { payment: null },
    secrets: {},
  });
  expect(separateSecrets('plain', ['pin'])).toEqual({ input: 'plain', secrets: {} });
});

test('leaves an input as it is once the secrets were erased', () => {
  expect(restoreSecrets(input, {})).toBe(input);
  expect(restoreSecrets('plain', { pin: '0000' })).toBe('plain');
});
