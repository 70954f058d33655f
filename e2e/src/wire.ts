/** The network between an orchestrator and services of the same process: where messages get lost, late or doubled. */
import { type ListedParticipant, mapParticipants } from '@baton/contracts';
import { type Participants, propagate } from '@baton/runtime';
import {
  type Call,
  createClientOver,
  createLocalTransport,
  type Exchange,
  type Transport,
} from '@baton/service-kit';
import type { OpenTracing, Services } from './services.ts';

export interface NamedCall extends Call {
  /** The faults' name for it: `payment.process` at the first provider, `payment-alternate.process` at the second. */
  readonly name: string;
}

/** A trouble with a call: it decides whether and when `deliver` is called, and what the caller sees. */
export type Trouble = (call: NamedCall, deliver: () => Promise<Exchange>) => Promise<Exchange>;

export const noTrouble: Trouble = (_call, deliver) => deliver();
export const unsent: Exchange = { kind: 'unsent', code: 'connection-refused' };
export const lost: Exchange = { kind: 'unknown', code: 'connection-reset' };

export interface Wire {
  readonly participants: Participants;
  /** Each effect and each undo that took place, in order, by the name that its call has. */
  readonly effects: readonly string[];
}

export interface WireOptions {
  readonly now: () => number;
  readonly openTracing?: OpenTracing | undefined;
}

export function createWire(
  services: Services,
  trouble: Trouble,
  { now, openTracing }: WireOptions,
): Wire {
  const effects: string[] = [];
  const over = ({ name, faultPrefix }: ListedParticipant): Transport => {
    const tracing = openTracing?.(name);
    const local = createLocalTransport(services[name].routes, { now, tracing });
    const toName = ({ operation }: Call) => `${faultPrefix}.${operation.name.split('.')[1]}`;
    const find = services[name].store.db.prepare('SELECT state FROM fence WHERE key = ?');
    const deliver = (call: NamedCall) =>
      noteEffect(
        () => find.get(call.headers['idempotency-key'] ?? '')?.state,
        () => local.exchange(toArriving(call)),
        () => effects.push(call.name),
      );
    const exchange: Transport['exchange'] = (call) => {
      const named = { ...call, name: toName(call) };
      return trouble(named, () => deliver(named));
    };
    return {
      close: local.close,
      exchange,
      peer: { address: name, port: 80, baseUrl: `http://${name}` },
    };
  };
  return {
    effects,
    // Made from the list whose types it gets.
    participants: mapParticipants((listed) =>
      createClientOver(listed.operations, over(listed), { propagate }),
    ) as unknown as Participants,
  };
}

/** A call that its caller has given up arrives all the same. */
const toArriving = (call: NamedCall): NamedCall =>
  call.signal.aborted ? { ...call, signal: new AbortController().signal } : call;

/** An effect took place when its fence row became DONE, an undo when it was DONE before. */
async function noteEffect(
  read: () => unknown,
  exchange: () => Promise<Exchange>,
  note: () => void,
): Promise<Exchange> {
  const before = read();
  const result = await exchange();
  const after = read();
  if (after !== before && (after === 'DONE' || before === 'DONE')) note();
  return result;
}
