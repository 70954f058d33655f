/** Types for the parts of Jaeger's retired client that a test uses. */
declare module 'jaeger-client' {
  interface SpanContext {
    readonly isValid: boolean;
    /** Hex; leading zeros may be missing. */
    toTraceId(): string;
    toSpanId(): string;
    isSampled(): boolean;
    readonly baggage: Readonly<Record<string, string>>;
  }
  interface Span {
    context(): SpanContext;
    setBaggageItem(key: string, value: string): Span;
    finish(): void;
  }
  interface Tracer {
    startSpan(name: string): Span;
    inject(context: SpanContext, format: string, carrier: Record<string, string>): void;
    extract(format: string, carrier: Readonly<Record<string, unknown>>): SpanContext | null;
    close(done: () => void): void;
  }
  interface Config {
    readonly serviceName: string;
    readonly sampler: { readonly type: 'const'; readonly param: 0 | 1 };
    /** Over Thrift and HTTP. */
    readonly reporter?: { readonly collectorEndpoint: string };
  }
  class InMemoryReporter {
    readonly spans: readonly Span[];
  }
  const jaeger: {
    /** With a reporter of one's own, it opens no socket. */
    readonly initTracer: (
      config: Config,
      options: { readonly reporter?: InMemoryReporter; readonly traceId128bit?: boolean },
    ) => Tracer;
    readonly InMemoryReporter: typeof InMemoryReporter;
    readonly opentracing: { readonly FORMAT_HTTP_HEADERS: string };
  };
  export default jaeger;
}
