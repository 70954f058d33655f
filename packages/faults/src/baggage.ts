/**
 * Faults of one request, from its W3C baggage: `baton.fault=payment.process:latency:ms=800:times=2`. That is
 * `operation:kind(:name=value)*`, with `|` between several. They follow the order through every hop.
 */
import querystring from 'node:querystring';
import { Fault, FaultOperation } from '@baton/contracts';

const entryPattern = 'baton.fault';
/** The longest baggage that a request may carry is longer than anyone's list of faults. */
const faultsMax = 32;

export interface CarriedFault {
  readonly operation: FaultOperation;
  readonly fault: Fault;
}
export interface CarriedFaults {
  readonly faults: readonly CarriedFault[];
  /** What was meant for us and is no fault. */
  readonly unread: readonly string[];
}

/** A member is `key=value;properties`, its value percent-encoded; what cannot be decoded stays as it is. */
const listValues = (baggage: string): readonly string[] =>
  baggage.split(',').flatMap((member) => {
    const [entry = ''] = member.split(';');
    const [key = '', ...value] = entry.split('=');
    return key.trim() === entryPattern ? [querystring.unescape(value.join('=').trim())] : [];
  });

const toValue = (text: string): string | number =>
  /^\d{1,9}(\.\d{1,9})?$/.test(text) ? Number(text) : text;

function readFault(text: string): CarriedFault | undefined {
  const [operation, kind, ...settings] = text.split(':').map((part) => part.trim());
  const given = settings.map((setting): [string, string | number] => {
    const [name = '', ...value] = setting.split('=');
    return [name, toValue(value.join('='))];
  });
  const name = FaultOperation.safeParse(operation);
  const fault = Fault.safeParse({ ...Object.fromEntries(given), kind });
  return name.success && fault.success ? { operation: name.data, fault: fault.data } : undefined;
}

export function readBaggage(baggage: string | undefined): CarriedFaults {
  const texts = listValues(baggage ?? '').flatMap((value) => value.split('|'));
  const read = texts.slice(0, faultsMax).map((text) => ({ text, fault: readFault(text) }));
  return {
    faults: read.flatMap(({ fault }) => fault ?? []),
    unread: read.flatMap(({ text, fault }) => (fault ? [] : [text.slice(0, 200)])),
  };
}
