import { expect, it } from 'vitest';
import { readBaggage } from './baggage.ts';

const latency = { operation: 'payment.process', fault: { kind: 'latency', ms: 800, times: 2 } };

it.each([
  ['baton.fault=payment.process:latency:ms=800:times=2', [latency]],
  ['baton.fault=payment.process%3Alatency%3Ams%3D800%3Atimes%3D2', [latency]],
  ['a=b , baton.fault = payment.process:latency:ms=800:times=2 ; p=1,c=d', [latency]],
  [
    'baton.fault=payment.process:latency:ms=800:times=2|order.cancel:reset',
    [latency, { operation: 'order.cancel', fault: { kind: 'reset' } }],
  ],
  ['baton.faults=payment.process:reset', []],
  ['', []],
  [undefined, []],
])('%j carries %j', (baggage, faults) => {
  expect(readBaggage(baggage)).toEqual({ faults, unread: [] });
});

it.each([
  'payment.process',
  'payment.process:explode',
  'payment.proces:reset',
  'payment.process:latency:ms=-1',
  'payment.process:latency:ms=soon',
  'payment.process:reset:surprise=1',
  'payment.process:reset:__proto__=1',
])('%s is no fault', (text) => {
  expect(readBaggage(`baton.fault=${text}`)).toEqual({ faults: [], unread: [text] });
});

it('decodes what it can', () => {
  expect(readBaggage('baton.fault=%zz%3A').unread).toEqual(['%zz:']);
});
