/** The Idempotency-Key of effects: one per order and step, never one per attempt. */
import { EXAMPLE_ORDER_ID } from './order.ts';

const EFFECT_KEY = /^(ord_[A-Za-z0-9_-]{1,64}):([a-z][a-z0-9-]{0,31})(?::alt)?$/;

export const EFFECT_KEY_PATTERN = EFFECT_KEY.source;

export const isEffectKey = (key: string): boolean => EFFECT_KEY.test(key);

/** The order a key belongs to; undefined when it is no effect key. */
export const orderIdOfKey = (key: string): string | undefined => EFFECT_KEY.exec(key)?.[1];

/** The step a key belongs to, whichever way it is done; undefined when it is no effect key. */
export const stepOfKey = (key: string): string | undefined => EFFECT_KEY.exec(key)?.[2];

/** Says which attempt this is, for faults and traces; it never changes what is done. */
export const ATTEMPT_HEADER = 'baton-attempt';
/** Random for each store file: a change says that a participant lost its memory. */
export const INCARNATION_HEADER = 'baton-incarnation';
export const EXAMPLE_EFFECT_KEY = `${EXAMPLE_ORDER_ID}:reserve`;
export const KEY_HEADER = 'idempotency-key';
