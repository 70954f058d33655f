/**
 * Faults of one request, from its W3C baggage: `baton.fault=payment.process:latency:ms=800:times=2`. That is
 * `operation:kind(:name=value)*`, with `|` between several. They follow the order through every hop.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import querystring from 'node:querystring';
import { hasToken } from '@baton/service-kit/participant';
import { type CarriedFault, type ReadFault, readFaultWords } from './fault-words.ts';

/** Keys that begin so are Baton's. */
const ownPrefix = 'baton.';
const faultKey = 'baton.fault';
const sealKey = 'baton.fault-seal';
/** More than any list of faults needs. */
const faultsMax = 32;
const baggageMax = 4_096;

export interface CarriedFaults {
  readonly faults: readonly CarriedFault[];
  /** Wrong entries under Baton's keys: a line each. */
  readonly slips: readonly string[];
  /** The orchestrator's seal: an operator asked for these faults. */
  readonly seal: string | undefined;
}

type Member = readonly [key: string, value: string];

/** A member is `key=value;properties`, its value percent-encoded; what cannot be decoded stays as it is. */
const listOwn = (baggage: string): readonly Member[] =>
  baggage.split(',').flatMap((member) => {
    const [entry = ''] = member.split(';');
    const [key = '', ...value] = entry.split('=');
    const name = key.trim();
    return name.toLowerCase().startsWith(ownPrefix)
      ? [[name, querystring.unescape(value.join('=').trim())] as const]
      : [];
  });

const toValue = (text: string): string | number =>
  /^\d{1,9}(\.\d{1,9})?$/.test(text) ? Number(text) : text;

/** A time has colons of its own. */
const betweenSettings = /:(?=[^:=]*=)/;

function readFault(text: string): ReadFault {
  const [operation = '', kind, ...rest] = text.split(':');
  const settings = rest.length === 0 ? [] : rest.join(':').split(betweenSettings);
  const given = settings.map((setting): [string, string | number] => {
    const [name = '', ...value] = setting.split('=');
    return [name.trim(), toValue(value.join('=').trim())];
  });
  return readFaultWords({
    operation: operation.trim(),
    kind: kind?.trim(),
    settings: Object.fromEntries(given),
    toName: (setting) => setting,
  });
}

const listTexts = (members: readonly Member[]): readonly string[] =>
  members.flatMap(([key, value]) => (key === faultKey ? value.split('|') : []));

export function readBaggage(baggage: string | undefined): CarriedFaults {
  const members = listOwn(baggage ?? '');
  const texts = listTexts(members);
  const read = texts.slice(0, faultsMax).map(readFault);
  const strange = members.filter(([key]) => key !== faultKey && key !== sealKey);
  return {
    faults: read.flatMap((each) => ('slip' in each ? [] : [each])),
    slips: [
      ...strange.map(([key]) => `No ${key.slice(0, 100)}: there is ${faultKey}`),
      ...read.flatMap((each) => ('slip' in each ? [each.slip] : [])),
      ...(texts.length > faultsMax
        ? [`${texts.length} faults: at most ${faultsMax} are read`]
        : []),
    ],
    seal: members.find(([key]) => key === sealKey)?.[1],
  };
}

/** Seals these faults for this order: without the token nobody can make a seal, nor use it for another order. */
const toSeal = (baggage: string, orderId: string, token: string): string =>
  createHmac('sha256', token)
    .update(JSON.stringify([orderId, ...listTexts(listOwn(baggage))]))
    .digest('hex');

/** Undefined where there is no room for it. */
export function sealBaggage(baggage: string, orderId: string, token: string): string | undefined {
  const sealed = `${baggage},${sealKey}=${toSeal(baggage, orderId, token)}`;
  return sealed.length > baggageMax ? undefined : sealed;
}

export interface Bearing {
  readonly orderId: string;
  readonly baggage?: string | undefined;
  /** The request's, where a person calls without the orchestrator. */
  readonly authorization?: string | undefined;
}

/** Where there is a token, faults in baggage count only with the token, or with a seal made by it. */
export function mayCarry({ orderId, baggage, authorization }: Bearing, token?: string): boolean {
  if (token === undefined || hasToken(authorization, token)) return true;
  const given = Buffer.from(readBaggage(baggage).seal ?? '');
  const expected = Buffer.from(toSeal(baggage ?? '', orderId, token));
  return given.length === expected.length && timingSafeEqual(given, expected);
}
