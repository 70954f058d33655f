/** The Idempotency-Key of effects: one for each step of a run, never one for each attempt. It says which run it is. */
import { EXAMPLE_ORDER_ID } from './order.ts';

const EFFECT_KEY = /^([a-z][a-z0-9]{0,15}_[A-Za-z0-9_-]{1,64}):([a-z][a-z0-9-]{0,31})(?::alt)?$/;

export const EFFECT_KEY_PATTERN = EFFECT_KEY.source;

export const isEffectKey = (key: string): boolean => EFFECT_KEY.test(key);

/** The run a key belongs to; undefined when it is no effect key. */
export const runIdOfKey = (key: string): string | undefined => EFFECT_KEY.exec(key)?.[1];

/** The step a key belongs to, whichever way it is done; undefined when it is no effect key. */
export const stepOfKey = (key: string): string | undefined => EFFECT_KEY.exec(key)?.[2];

/** Says which attempt this is, for faults and traces; it never changes what is done. */
export const ATTEMPT_HEADER = 'baton-attempt';
/** Random for each store file: a change says that a participant lost its memory. */
export const INCARNATION_HEADER = 'baton-incarnation';
export const EXAMPLE_EFFECT_KEY = `${EXAMPLE_ORDER_ID}:reserve`;
/** Of requests, and repeated in their answers, which so say what they are answers to. */
export const KEY_HEADER = 'idempotency-key';
/** `true` in an answer that was given before, to an earlier attempt. */
export const REPLAYED_HEADER = 'idempotency-replayed';
