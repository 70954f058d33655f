/** Which traces are kept, by the names that the specification has for samplers. */
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  ParentBasedSampler,
  type Sampler,
  SamplingDecision,
  TraceIdRatioBasedSampler,
} from '@opentelemetry/sdk-trace';
import { isDebugged } from './jaeger-propagator.ts';
import type { SamplerSettings } from './trace-settings.ts';

/** What a caller debugs is sampled, whatever the sampler says. */
export const sampleDebugged = (sampler: Sampler): Sampler => ({
  shouldSample: (context, ...rest) =>
    isDebugged(context)
      ? { decision: SamplingDecision.RECORD_AND_SAMPLED }
      : sampler.shouldSample(context, ...rest),
  toString: () => sampler.toString(),
});

export function createSampler({ name, ratio }: SamplerSettings): Sampler {
  switch (name) {
    case 'always_on':
      return new AlwaysOnSampler();
    case 'always_off':
      return new AlwaysOffSampler();
    case 'traceidratio':
      return new TraceIdRatioBasedSampler(ratio);
    case 'parentbased_always_on':
      return new ParentBasedSampler({ root: new AlwaysOnSampler() });
    case 'parentbased_always_off':
      return new ParentBasedSampler({ root: new AlwaysOffSampler() });
    case 'parentbased_traceidratio':
      return new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(ratio) });
  }
}
