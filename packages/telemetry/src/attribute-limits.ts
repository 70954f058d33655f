/** How many attributes a span or a log line may have, and how long they may be. Its own variables come before the general ones. */
import { type OtelEnv, Whole } from './otel-env.ts';

/** The specification's. */
export const countMax = 128;

export function readAttributeLimits(env: OtelEnv, kind: 'SPAN' | 'LOGRECORD') {
  const [count, length, ownCount, ownLength] = ['', `${kind}_`].flatMap((prefix) => [
    env.read(`OTEL_${prefix}ATTRIBUTE_COUNT_LIMIT`, Whole(0)),
    env.read(`OTEL_${prefix}ATTRIBUTE_VALUE_LENGTH_LIMIT`, Whole(1)),
  ]);
  return {
    attributeCountLimit: ownCount ?? count ?? countMax,
    attributeValueLengthLimit: ownLength ?? length ?? Number.POSITIVE_INFINITY,
  };
}
