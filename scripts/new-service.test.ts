import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { toPlural, writeAbout } from './new-service/noun.ts';
import { planParticipant, Unfit } from './new-service/participant-entry.ts';

test('writes the noun in each of the ways in which code writes one', () => {
  const template =
    'sample-thing sampleThing SampleThing sample_thing sample thing Sample things sampleThings sample_things';
  expect(writeAbout('gift-delivery', template)).toBe(
    'gift-delivery giftDelivery GiftDelivery gift_delivery gift delivery Gift deliveries giftDeliveries gift_deliveries',
  );
});

test.each([
  ['voucher', 'vouchers'],
  ['delivery', 'deliveries'],
  ['day', 'days'],
  ['tax', 'taxes'],
])('the plural of %s is %s', (noun, plural) => {
  expect(toPlural(noun)).toBe(plural);
});

const nowhere = join(tmpdir(), 'baton-nowhere');

test.each([
  ['Voucher', undefined, /^"Voucher" is no name: /],
  ['a'.repeat(33), undefined, /is no name: .* 32 at most/],
  ['gift--card', undefined, /is no name/],
  ['../voucher', undefined, /is no name/],
  ['payment', undefined, /^payment-service is there already: see packages\/contracts/],
  ['payment-service', undefined, /^payment-service is there already/],
  ['payment-alternate', undefined, /named payment-alternate by faults, as payment-alternate is/],
  ['payment-alternate', 'payment-service', /^payment-alternate is there already/],
  ['payment', 'payment-service', /named payment by faults, as payment-service is/],
  ['grafana', 'payment-service', /^grafana is the name of something else here/],
  ['orchestrator', undefined, /^orchestrator is the name of something else here/],
  ['instant', undefined, /^instant would define Instant, .*: take another name, such as instant-/],
  ['decision', undefined, /^decision would define Decision, /],
  ['work', undefined, /^work would define Work, /],
  ['value', undefined, /^SQLite keeps the word values for itself/],
  ['payment-third', 'paiment-service', /^There is no paiment-service to run: order-service, /],
])('%s, of program %s, is refused in one line', (given, program, message) => {
  const plan = () => planParticipant(nowhere, given, program);
  expect(plan).toThrow(Unfit);
  expect(plan).toThrow(message);
});

test('a service may be named with -service or without', () => {
  const wanted = { name: 'fresh-noun-service', noun: 'fresh-noun' };
  expect(planParticipant(nowhere, 'fresh-noun', undefined)).toEqual(wanted);
  expect(planParticipant(nowhere, 'fresh-noun-service', undefined)).toEqual(wanted);
});

test('writes over nothing that is there', () => {
  const root = mkdtempSync(join(tmpdir(), 'baton-plan-'));
  mkdirSync(join(root, 'apps/fresh-noun-service'), { recursive: true });
  expect(() => planParticipant(root, 'fresh-noun', undefined)).toThrow(
    'apps/fresh-noun-service is there already',
  );
  rmSync(root, { recursive: true });
});
