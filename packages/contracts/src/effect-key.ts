/** The Idempotency-Key of effects: one for each step of a run, never one for each attempt. It names its run. */
import { z } from 'zod';
import { exampleOrderId } from './order.ts';

const runId = '[a-z][a-z0-9]{0,15}_[A-Za-z0-9_-]{1,64}';
const effectKey = new RegExp(`^(${runId}):([a-z][a-z0-9-]{0,31})(?::alt)?$`);

/** Of an order, or of whatever else a workflow is about. */
export const RunId = z
  .string()
  .regex(new RegExp(`^${runId}$`), 'must look like ord_2f9c')
  .meta({ id: 'RunId', description: 'what its keys begin with' });

export const effectKeyPattern = effectKey.source;

export const isEffectKey = (key: string): boolean => effectKey.test(key);

/** The run a key belongs to; undefined when it is no effect key. */
export const runIdOfKey = (key: string): string | undefined => effectKey.exec(key)?.[1];

/** The step a key belongs to, whichever way it is done; undefined when it is no effect key. */
export const stepOfKey = (key: string): string | undefined => effectKey.exec(key)?.[2];

/** Says which attempt this is, for faults and traces; it never changes what is done. */
export const attemptHeader = 'baton-attempt';
/** Random for each store file: a change says that a participant lost its memory. */
export const incarnationHeader = 'baton-incarnation';
export const exampleEffectKey = `${exampleOrderId}:reserve`;
/** A request's header; its answer repeats it, and so says which request it answers. */
export const keyHeader = 'idempotency-key';
/** `true`: the participant repeats the answer that it gave an earlier attempt. */
export const replayedHeader = 'idempotency-replayed';
