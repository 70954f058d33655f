/** The default headers of traces: W3C's, then Jaeger's. A program may register others. */
import { propagation, type TextMapPropagator } from '@opentelemetry/api';
import { CompositePropagator, W3CBaggagePropagator } from '@opentelemetry/core';
import { createJaegerPropagator } from './jaeger-propagator.ts';
import { createW3cPropagator } from './w3c-propagator.ts';

export const createPropagator = (): TextMapPropagator =>
  new CompositePropagator({
    propagators: [createW3cPropagator(), new W3CBaggagePropagator(), createJaegerPropagator()],
  });

let isRegistered = false;

/**
 * At its start a program sets which headers it reads and writes, if any. A propagator that it registered itself stays:
 * then this is false.
 */
export function ensurePropagator(given?: TextMapPropagator): boolean {
  if (isRegistered) return true;
  isRegistered = true;
  if (propagation.fields().length > 0) return false;
  return propagation.setGlobalPropagator(given ?? createPropagator());
}
