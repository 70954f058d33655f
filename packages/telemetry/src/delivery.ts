/** What becomes of spans that are handed to a collector. */
import { type ExportResult, ExportResultCode } from '@opentelemetry/core';

/** `away`: it may take the same spans later. `refused`: it is there, and something is wrong with these. */
export type Delivery = 'arrived' | 'away' | 'refused';

/**
 * What speaks of the spans themselves. Any other status speaks of who sends, where to, or when: a wrong path or a
 * missing key (401, 404) is mended by somebody, and costs no span.
 */
const refusals = new Set<unknown>([400, 413, 422]);

/** A status, or a system's code such as `ECONNREFUSED`. */
const readCode = ({ error }: ExportResult): unknown =>
  error && 'code' in error ? error.code : undefined;

export function toDelivery(result: ExportResult): Delivery {
  if (result.code === ExportResultCode.SUCCESS) return 'arrived';
  return refusals.has(readCode(result)) ? 'refused' : 'away';
}

/** Not in the collector's own words: they have no bound, and may repeat the spans. */
export function describeFailure(result: ExportResult): string {
  const code = readCode(result);
  if (typeof code === 'number') return `status ${code}`;
  return typeof code === 'string' ? code : (result.error?.message ?? 'unknown');
}
