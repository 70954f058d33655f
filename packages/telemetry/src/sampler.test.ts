import { createHash } from 'node:crypto';
import { ROOT_CONTEXT, SpanKind } from '@opentelemetry/api';
import { SamplingDecision } from '@opentelemetry/sdk-trace';
import { expect, it } from 'vitest';
import { createSampler } from './sampler.ts';
import { readCaller } from './trace-context.ts';
import type { SamplerSettings } from './trace-settings.ts';

const traceIds = Array.from({ length: 2_000 }, (_, index) =>
  createHash('md5').update(`trace ${index}`).digest('hex'),
);

/** Those that are sampled, of 2,000 traces with the same caller. */
function sample(
  name: SamplerSettings['name'],
  ratio: number,
  isCallerSampled?: boolean,
): readonly string[] {
  const sampler = createSampler({ name, ratio });
  return traceIds.filter((traceId) => {
    const caller =
      isCallerSampled === undefined
        ? ROOT_CONTEXT
        : readCaller({
            traceparent: `00-${traceId}-${'b'.repeat(16)}-0${Number(isCallerSampled)}`,
          });
    const { decision } = sampler.shouldSample(caller, traceId, 'x', SpanKind.SERVER, {}, []);
    return decision === SamplingDecision.RECORD_AND_SAMPLED;
  });
}

const [none, some, all] = [0, 0.25, 1];

it.each([
  { name: 'always_on', root: all, sampled: all, unsampled: all },
  { name: 'always_off', root: none, sampled: none, unsampled: none },
  { name: 'traceidratio', root: some, sampled: some, unsampled: some },
  { name: 'parentbased_always_on', root: all, sampled: all, unsampled: none },
  { name: 'parentbased_always_off', root: none, sampled: all, unsampled: none },
  { name: 'parentbased_traceidratio', root: some, sampled: all, unsampled: none },
] as const)(
  '$name samples $root of the traces that begin here, $sampled of sampled callers, $unsampled of others',
  ({ name, root, sampled, unsampled }) => {
    const shares = [undefined, true, false].map((caller) => sample(name, some, caller).length);
    const expected = [root, sampled, unsampled];
    for (const [index, share] of shares.entries())
      expect(share / traceIds.length).toBeCloseTo(expected[index] ?? Number.NaN, 1);
  },
);

it('samples the same traces in every process, and at a higher ratio only more of them', () => {
  const [one, other, more] = [0.3, 0.3, 0.6].map((ratio) => sample('traceidratio', ratio));
  expect(other).toEqual(one);
  expect(one?.every((traceId) => more?.includes(traceId))).toBe(true);
});
