/** The fate of spans that are handed to a collector. */
import { type ExportResult, ExportResultCode } from '@opentelemetry/core';

/** `away`: the collector may take the same spans later. `refused`: it is there, and the spans are wrong. */
export type Delivery = 'arrived' | 'away' | 'refused';

/**
 * Statuses that blame the spans. Any other status blames the sender, the address or the moment: an operator mends a
 * wrong path or a missing key (401, 404), and no span is lost.
 */
const refusals = new Set<unknown>([400, 413, 422]);

/** A status, or a system's code such as `ECONNREFUSED`. */
const readCode = ({ error }: ExportResult): unknown =>
  error && 'code' in error ? error.code : undefined;

export function toDelivery(result: ExportResult): Delivery {
  if (result.code === ExportResultCode.SUCCESS) return 'arrived';
  return refusals.has(readCode(result)) ? 'refused' : 'away';
}

/** Not the collector's own words: they have no bound, and may repeat the spans. */
export function describeFailure(result: ExportResult): string {
  const code = readCode(result);
  if (typeof code === 'number') return `status ${code}`;
  return typeof code === 'string' ? code : (result.error?.message ?? 'unknown');
}
