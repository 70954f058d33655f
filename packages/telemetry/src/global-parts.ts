/**
 * What OpenTelemetry keeps once for the whole process. A part that the program has registered already, such as with
 * `--import`, is used: it is neither replaced nor shut down here.
 */
import {
  context,
  createContextKey,
  ProxyTracerProvider,
  ROOT_CONTEXT,
  type TracerProvider,
  trace,
} from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';

const probe = createContextKey('whether somebody keeps contexts');

const hasContextManager = (): boolean =>
  context.with(ROOT_CONTEXT.setValue(probe, true), () => context.active().getValue(probe) === true);

export function ensureContextManager(): void {
  if (!hasContextManager())
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
}

/** A program's own logger hears all that goes wrong. The API has no such question, but all its versions keep it there. */
export function hasDiagLogger(): boolean {
  const parts: unknown = Reflect.get(globalThis, Symbol.for('opentelemetry.js.api.1'));
  return typeof parts === 'object' && parts !== null && 'diag' in parts;
}

/** The API's own provider hands over to a real one, once there is one. */
export function hasGlobalProvider(): boolean {
  const provider = trace.getTracerProvider();
  return !(provider instanceof ProxyTracerProvider) || provider.getDelegateTracer('') !== undefined;
}

/** Also for instrumentations, and for the handlers of a service. */
export function registerProvider(provider: TracerProvider): void {
  trace.setGlobalTracerProvider(provider);
}
