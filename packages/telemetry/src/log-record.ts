/** A log line as a record of OpenTelemetry's. It is made from the line, so that it holds no secret more than the line. */
import {
  type Attributes,
  type Context,
  isSpanContextValid,
  type LogRecord,
  ROOT_CONTEXT,
  SeverityNumber,
  TraceFlags,
  trace,
} from '@opentelemetry/api';

const severities: Readonly<Partial<Record<string, SeverityNumber>>> = {
  trace: SeverityNumber.TRACE,
  debug: SeverityNumber.DEBUG,
  info: SeverityNumber.INFO,
  warn: SeverityNumber.WARN,
  error: SeverityNumber.ERROR,
  fatal: SeverityNumber.FATAL,
};

/** `line` is from `createLog`. Its service and instance are the resource's. */
export function toLogRecord(line: string): LogRecord {
  const {
    time,
    level,
    msg,
    service: _service,
    instance: _instance,
    trace_id: traceId,
    span_id: spanId,
    err,
    ...attributes
  } = JSON.parse(line);
  return {
    timestamp: Date.parse(time),
    severityNumber: severities[level] ?? SeverityNumber.UNSPECIFIED,
    severityText: level,
    body: msg,
    attributes: { ...attributes, ...toException(err) },
    context: toContext(traceId, spanId),
  };
}

/** Pino's form of an error, in the words of the conventions. */
function toException(err: unknown): Attributes {
  if (typeof err !== 'object' || err === null) return {};
  const { type, message, stack, ...further }: Attributes = { ...err };
  return {
    'exception.type': type,
    'exception.message': message,
    'exception.stacktrace': stack,
    ...(Object.keys(further).length > 0 && { err: further }),
  };
}

/** A line's span may not be the active one, and the line does not hold its flags. */
function toContext(traceId: string, spanId: string): Context {
  const active = trace.getActiveSpan()?.spanContext();
  const traceFlags = active?.spanId === spanId ? active?.traceFlags : undefined;
  const span = { traceId, spanId, traceFlags: traceFlags ?? TraceFlags.NONE };
  return isSpanContextValid(span) ? trace.setSpanContext(ROOT_CONTEXT, span) : ROOT_CONTEXT;
}
