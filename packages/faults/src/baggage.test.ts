import { expect, it } from 'vitest';
import { mayCarry, readBaggage, sealBaggage } from './baggage.ts';

const latency = { operation: 'payment.process', fault: { kind: 'latency', ms: 800, times: 2 } };

it.each([
  ['baton.fault=payment.process:latency:ms=800:times=2', [latency]],
  ['baton.fault=payment.process%3Alatency%3Ams%3D800%3Atimes%3D2', [latency]],
  ['a=b , baton.fault = payment.process:latency:ms=800:times=2 ; p=1,c=d', [latency]],
  [
    'baton.fault=payment.process:latency:ms=800:times=2|order.cancel:reset',
    [latency, { operation: 'order.cancel', fault: { kind: 'reset' } }],
  ],
  [
    'baton.fault=payment.process:reset:until=2030-01-01T00:00:00.000Z:times=2',
    [
      {
        operation: 'payment.process',
        fault: { kind: 'reset', until: '2030-01-01T00:00:00.000Z', times: 2 },
      },
    ],
  ],
  ['bato.fault=payment.process:reset', []],
  ['', []],
  [undefined, []],
])('%j carries %j', (baggage, faults) => {
  expect(readBaggage(baggage)).toEqual({ faults, slips: [], seal: undefined });
});

const operations = /there are order\.validate, .*payment\.process/;

it.each([
  ['baton.fault=payment.process', /^Which fault\? There are latency, /],
  ['baton.fault=payment.process:explode', /^No fault explode: there are latency, /],
  ['baton.fault=payment.proces:reset', operations],
  ['baton.fault=', operations],
  ['baton.fault=%zz%3A', /^No operation %zz: /],
  ['baton.fault=payment.process:latency:ms=-1', /^ms: /],
  ['baton.fault=payment.process:latency:ms=soon', /^ms: /],
  ['baton.fault=payment.process:latency:soon', /^latency takes no soon$/],
  ['baton.fault=payment.process:reset:surprise=1', /^reset takes no surprise$/],
  ['baton.fault=payment.process:reset:__proto__=1', /^reset takes no __proto__$/],
  ['baton.fault=payment.process:decline:code=nope', /^code nope: payment\.process can be /],
  ['baton.faults=payment.process:reset', /^No baton\.faults: there is baton\.fault$/],
  ['Baton.Fault=payment.process:reset', /^No Baton\.Fault: there is baton\.fault$/],
  [`baton.fault=${'order.cancel:reset|'.repeat(32)}order.cancel:reset`, /^33 faults: at most 32/],
])('%s is answered with what there is', (baggage, expected) => {
  expect(readBaggage(baggage).slips).toEqual([expect.stringMatching(expected)]);
});

const token = 'sixteen-characters';
const baggage = 'a=b,baton.fault=payment.process%3Areset|order.cancel:reset';

it('is sealed for one order, whatever else travels with it', () => {
  const sealed = sealBaggage(baggage, 'ord_1', token);
  if (sealed === undefined) throw new Error('no room');
  const may = (carried: string, orderId = 'ord_1', expected = token) =>
    mayCarry({ orderId, baggage: carried }, expected);
  expect(may(sealed)).toBe(true);
  expect(may(`x=y,${sealed.replace('%3A', ':')}`)).toBe(true);
  expect(may(sealed, 'ord_2')).toBe(false);
  expect(may(sealed, 'ord_1', `${token}!`)).toBe(false);
  expect(may(`baton.fault=order.cancel:crash,${sealed}`)).toBe(false);
  expect(may(baggage)).toBe(false);
  expect(mayCarry({ orderId: 'ord_1', baggage }, undefined)).toBe(true);
  expect(sealBaggage(`a=${'b'.repeat(4_080)}`, 'ord_1', token)).toBeUndefined();
});
