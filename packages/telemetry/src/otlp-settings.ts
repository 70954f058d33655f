/** Where and how OTLP sends a signal. The signal's own variables come before the general ones. */
import { readFileSync } from 'node:fs';
import { parseKeyPairsIntoRecord } from '@opentelemetry/core';
import { z } from 'zod';
import { Flag, type OtelEnv, Timeout, Word } from './otel-env.ts';

export type Signal = 'traces' | 'metrics' | 'logs';

/** Undefined when the environment says none; empty when nothing may leave. */
export function readExporters<T extends string>(
  env: OtelEnv,
  signal: Signal,
  known: readonly T[],
): readonly T[] | undefined {
  const isDisabled = env.read('OTEL_SDK_DISABLED', Flag) ?? false;
  const named = env.readList(`OTEL_${signal.toUpperCase()}_EXPORTER`, [...known, 'none']);
  if (isDisabled || named?.includes('none')) return [];
  return named && known.filter((exporter) => named.includes(exporter));
}

export interface OtlpSettings {
  /** Whether the environment has the address; without, it is the specification's. */
  readonly isAddressed: boolean;
  readonly url: string;
  readonly protocol: 'http/protobuf' | 'http/json';
  readonly headers: Readonly<Record<string, string>>;
  readonly compression: 'none' | 'gzip';
  readonly timeoutMs: number;
  readonly tls: {
    readonly ca?: Buffer | undefined;
    readonly cert?: Buffer | undefined;
    readonly key?: Buffer | undefined;
  };
}

const Address = z.url({ protocol: /^https?$/, error: 'must be an http or https address' });

const Pem = z.string().transform((path, context) => {
  try {
    return readFileSync(path);
  } catch {
    context.addIssue('must be a file that can be read');
    return z.NEVER;
  }
});

/** Loaded only for headers: it is a good part of a program's start. */
function canSend(pairs: Readonly<Record<string, string>>): boolean {
  const { validateHeaderName, validateHeaderValue } = process.getBuiltinModule('node:http');
  try {
    for (const [name, value] of Object.entries(pairs)) {
      validateHeaderName(name);
      validateHeaderValue(name, value);
    }
    return Object.keys(pairs).length > 0;
  } catch {
    return false;
  }
}

const Headers = z.string().transform((text, context) => {
  const pairs = text.split(',').filter((pair) => pair.trim());
  if (pairs.every((pair) => canSend(parseKeyPairsIntoRecord(pair))))
    return parseKeyPairsIntoRecord(text);
  context.addIssue('must be pairs such as api-key=secret,tenant=shop, each value percent-encoded');
  return z.NEVER;
});

function toSignalUrl(address: string, signal: Signal): string {
  const url = new URL(address);
  url.pathname = `${url.pathname.replace(/\/+$/, '')}/v1/${signal}`;
  return url.href;
}

const local = 'http://localhost:4318';
const defaultTimeoutMs = 10_000;

export function readOtlpSettings(env: OtelEnv, signal: Signal): OtlpSettings {
  const readEach = <T>(name: string, schema: z.ZodType<T>) => ({
    own: env.read(`OTEL_EXPORTER_OTLP_${signal.toUpperCase()}_${name}`, schema),
    shared: env.read(`OTEL_EXPORTER_OTLP_${name}`, schema),
  });
  const read = <T>(name: string, schema: z.ZodType<T>): T | undefined => {
    const { own, shared } = readEach(name, schema);
    return own ?? shared;
  };
  const address = readEach('ENDPOINT', Address);
  const headers = readEach('HEADERS', Headers);
  return {
    isAddressed: (address.own ?? address.shared) !== undefined,
    url: address.own ?? toSignalUrl(address.shared ?? local, signal),
    protocol: read('PROTOCOL', Word(['http/protobuf', 'http/json'])) ?? 'http/protobuf',
    headers: { ...headers.shared, ...headers.own },
    compression: read('COMPRESSION', Word(['none', 'gzip'])) ?? 'none',
    timeoutMs: read('TIMEOUT', Timeout) ?? defaultTimeoutMs,
    tls: {
      ca: read('CERTIFICATE', Pem),
      cert: read('CLIENT_CERTIFICATE', Pem),
      key: read('CLIENT_KEY', Pem),
    },
  };
}
