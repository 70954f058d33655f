import { writeSync } from 'node:fs';
import { trace } from '@opentelemetry/api';
import { type DestinationStream, type Logger, pino } from 'pino';
import { instanceId } from './instance-id.ts';
import { createLogLines, type LogLines } from './log-lines.ts';
import { toOneLine } from './one-line.ts';

export type Log = Logger;
export const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];

/** Secrets are hidden wherever they stand: a token in a log is a token lost. */
const secrets = ['token', 'authorization', 'cookie'].flatMap((name) => [
  name,
  `*.${name}`,
  `*.*.${name}`,
  `*.*.*.${name}`,
]);

/** The active span's ids, so that a line leads to its trace. */
function readSpanIds() {
  const span = trace.getActiveSpan()?.spanContext();
  return span ? { trace_id: span.traceId, span_id: span.spanId } : {};
}

/** In every line: OpenTelemetry's resource. */
const toBase = (service: string) => ({ service, instance: instanceId });

const stderr = 2;

/** The reader has gone: there will be no other. */
const isGone = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'EPIPE';

function takeOnStderr(bytes: Buffer): number {
  try {
    return writeSync(stderr, bytes);
  } catch (error) {
    // A file on a full disk may have room later, as a pipe.
    return isGone(error) ? bytes.length : 0;
  }
}

/** A look at stderr makes a pipe non-blocking: a write without room fails from now on, instead of waiting for the reader. */
const makeStderrNonBlocking = (): boolean => process.stderr.writable;

export function createStderrLines(service: string): LogLines {
  makeStderrNonBlocking();
  return createLogLines({
    take: takeOnStderr,
    toNotice: (dropped) => {
      const time = new Date().toISOString();
      const msg = 'lines were dropped here, since nobody read the log';
      return `${JSON.stringify({ level: 'warn', time, ...toBase(service), dropped, msg })}\n`;
    },
  });
}

/** JSON lines on stderr: stdout belongs to the ready line. docs/operations.md maps their fields to OpenTelemetry's. */
export const createLog = (
  service: string,
  level: LogLevel,
  destination: DestinationStream = createStderrLines(service),
): Log =>
  pino(
    {
      level,
      base: toBase(service),
      mixin: readSpanIds,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: secrets, censor: '[secret]' },
    },
    // pino ends each line, and escapes what JSON has to: some of what acts on a terminal is not among it.
    { write: (line) => destination.write(`${toOneLine(line.slice(0, -1))}\n`) },
  );
