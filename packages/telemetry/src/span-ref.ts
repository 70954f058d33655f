/** A span that another process knows: lower-case hex, 32 and 16 digits, neither all zeros. */
export interface SpanRef {
  readonly traceId: string;
  readonly spanId: string;
  readonly isSampled: boolean;
}
