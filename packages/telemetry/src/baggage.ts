/** W3C baggage: `key=value;property,key=value`, each value percent-encoded. What came is passed on as it came. */
import querystring from 'node:querystring';

/** In characters, for the header as a whole. */
const baggageMax = 4_096;
const validToken = /^[!#$%&'*+.^_`|~\dA-Za-z-]+$/;
const printable = /^[\t -~]+$/;

export interface BaggageMember {
  readonly key: string;
  /** Decoded; what cannot be decoded stays as near to what it was as may be. */
  readonly value: string;
}

export const isToken = (key: string): boolean => validToken.test(key);

/** What is too long, or could not be sent on as a header, is dropped, and not the request refused. */
export function readBaggageHeader(header: string | undefined): string | undefined {
  const baggage = header?.trim() ?? '';
  return baggage.length <= baggageMax && printable.test(baggage) ? baggage : undefined;
}

/** As many as W3C asks of everybody; further ones are passed on unread. */
const membersMax = 64;

export const listMembers = (baggage: string): readonly BaggageMember[] =>
  baggage.split(',', membersMax).flatMap((member) => {
    const [entry = ''] = member.split(';');
    const [name = '', ...value] = entry.split('=');
    const key = name.trim();
    return isToken(key) && value.length > 0
      ? [{ key, value: querystring.unescape(value.join('=').trim()) }]
      : [];
  });

/** A string may hold half a character, which no encoding has. */
export const encodeValue = (value: string): string => encodeURIComponent(value.toWellFormed());

/** A member that does not fit any more is left out: what the caller itself wrote comes first. */
export const appendMembers = (
  baggage: string | undefined,
  members: readonly BaggageMember[],
): string | undefined =>
  members.reduce((whole, { key, value }) => {
    const member = `${key}=${encodeValue(value)}`;
    const longer = whole === undefined ? member : `${whole},${member}`;
    return longer.length > baggageMax ? whole : longer;
  }, baggage);
