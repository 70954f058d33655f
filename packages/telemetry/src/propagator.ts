/** The headers that are read and written unless the program has propagators of its own: W3C's, and after them Jaeger's. */
import { propagation, type TextMapPropagator } from '@opentelemetry/api';
import { CompositePropagator, W3CBaggagePropagator } from '@opentelemetry/core';
import { createJaegerPropagator } from './jaeger-propagator.ts';
import { createW3cPropagator } from './w3c-propagator.ts';

export const createPropagator = (): TextMapPropagator =>
  new CompositePropagator({
    propagators: [createW3cPropagator(), new W3CBaggagePropagator(), createJaegerPropagator()],
  });

let isRegistered = false;

/** A program says at its start which headers it reads and writes, if any; what it registered itself stays. */
export function ensurePropagator(given?: TextMapPropagator): void {
  if (isRegistered) return;
  isRegistered = true;
  if (propagation.fields().length === 0)
    propagation.setGlobalPropagator(given ?? createPropagator());
}
