import { participantEntries } from '@baton/contracts';
import { createStandIns } from '@baton/runtime/testing';
import { expect, it } from 'vitest';
import { listProviders } from './providers.ts';

it('finds every participant that takes payments, second instances too', () => {
  const expected = Object.entries(participantEntries).flatMap(([name, { operations }]) =>
    'process' in operations ? [name] : [],
  );
  const found = listProviders(createStandIns().participants).map(([name]) => name);
  expect(found).toEqual(expected);
  expect(found).toContain('payment-alternate');
});
