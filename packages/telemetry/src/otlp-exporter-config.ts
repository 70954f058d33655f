/** Settings of OTLP, as the SDK's exporters of every signal take them. */
import { CompressionAlgorithm } from '@opentelemetry/otlp-exporter-base';
import type { OtlpSettings } from './otlp-settings.ts';

export const toExporterConfig = ({ url, headers, compression, timeoutMs, tls }: OtlpSettings) => ({
  url,
  headers,
  compression: compression === 'gzip' ? CompressionAlgorithm.GZIP : CompressionAlgorithm.NONE,
  timeoutMillis: timeoutMs,
  httpAgentOptions: { keepAlive: true, ...tls },
});
