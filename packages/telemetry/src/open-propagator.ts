/** The headers of traces, where the environment names them: by default W3C's and Jaeger's. */
import type { TextMapPropagator } from '@opentelemetry/api';
import { CompositePropagator, W3CBaggagePropagator } from '@opentelemetry/core';
import { createJaegerPropagator } from './jaeger-propagator.ts';
import type { OtelEnv } from './otel-env.ts';
import { ensurePropagator } from './propagator.ts';
import { createW3cPropagator } from './w3c-propagator.ts';

const propagatorNames = ['tracecontext', 'baggage', 'jaeger', 'b3', 'b3multi'] as const;
type Name = (typeof propagatorNames)[number];

async function create(name: Name): Promise<TextMapPropagator> {
  switch (name) {
    case 'tracecontext':
      return createW3cPropagator();
    case 'baggage':
      return new W3CBaggagePropagator();
    case 'jaeger':
      return createJaegerPropagator();
    default: {
      const { B3InjectEncoding, B3Propagator } = await import('@opentelemetry/propagator-b3');
      const { MULTI_HEADER, SINGLE_HEADER } = B3InjectEncoding;
      return new B3Propagator({ injectEncoding: name === 'b3' ? SINGLE_HEADER : MULTI_HEADER });
    }
  }
}

/** In the order named, since the last one that finds a trace wins. Jaeger's comes last, as it adds to what was read. */
function toTaken(named: readonly (Name | 'none')[]): Name[] {
  if (named.includes('none')) return [];
  const taken = named.filter((name) => name !== 'none');
  return taken.toSorted((a, b) => Number(a === 'jaeger') - Number(b === 'jaeger'));
}

/** Also for instrumentations, which read headers before anything here does. */
export async function openPropagator(env: OtelEnv): Promise<void> {
  const named = env.readList('OTEL_PROPAGATORS', [...propagatorNames, 'none']);
  const propagators = named && (await Promise.all(toTaken(named).map(create)));
  const isOurs = ensurePropagator(propagators && new CompositePropagator({ propagators }));
  if (named && !isOurs)
    env.report('OTEL_PROPAGATORS', 'is up to the propagators that the program has registered');
}
