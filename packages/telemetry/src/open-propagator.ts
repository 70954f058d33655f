/** The headers of traces, where the environment names them: by default W3C's and Jaeger's. */
import type { TextMapPropagator } from '@opentelemetry/api';
import { CompositePropagator, W3CBaggagePropagator } from '@opentelemetry/core';
import { createJaegerPropagator } from './jaeger-propagator.ts';
import type { OtelEnv } from './otel-env.ts';
import { ensurePropagator } from './propagator.ts';
import { createW3cPropagator } from './w3c-propagator.ts';

const propagatorNames = ['tracecontext', 'baggage', 'jaeger', 'b3', 'b3multi'] as const;

async function create(name: (typeof propagatorNames)[number]): Promise<TextMapPropagator> {
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

/** Also for instrumentations, which read headers before anything here does. */
export async function openPropagator(env: OtelEnv): Promise<void> {
  const named = env.readList('OTEL_PROPAGATORS', [...propagatorNames, 'none']);
  if (named === undefined) return ensurePropagator();
  const taken = propagatorNames.filter((name) => named.includes(name));
  const propagators = named.includes('none') ? [] : await Promise.all(taken.map(create));
  ensurePropagator(new CompositePropagator({ propagators }));
}
