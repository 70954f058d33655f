/** Which process it was: the same in its lines and in its spans, and another one after a restart. */
import { randomUUID } from 'node:crypto';

export const instanceId: string = randomUUID();
