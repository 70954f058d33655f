/** Routes behind a web-standard `fetch`, as mount.ts puts them behind Express. */
import { parse } from 'node:querystring';
import { incarnationHeader } from '@baton/contracts';
import type { Tracing } from '@baton/telemetry';
import type { HttpAnswer } from './answer.ts';
import { toAllowedHosts } from './host-check.ts';
import { toGeneralProblem, toOtherMethod, toUndecodable, toUnreadable } from './problem-answer.ts';
import { beginTrace, readServer } from './request-trace.ts';
import { isStream, type Route } from './route.ts';
import { isFromElsewhere, toKnownHosts } from './site-check.ts';

export interface FetchOptions {
  readonly routes: readonly Route[];
  readonly incarnation: string;
  /** Names besides loopback that the Host header may carry. */
  readonly hosts: readonly string[];
  readonly tracing?: Tracing | undefined;
}

/** Helmet's headers for answers that are no pages. */
const securityHeaders = {
  'content-security-policy': "default-src 'none';frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
};

const bodyBytesMax = 16 * 1024;
const jsonType = /^application\/json\s*(;\s*charset="?utf-8"?\s*)?$/i;

type Body =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly status: number };

/** Undefined where the body is too long. */
async function readText(body: ReadableStream<Uint8Array>): Promise<string | undefined> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.byteLength;
    if (bytes > bodyBytesMax) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

/** Read once, since reading the runtime's own objects is slow. */
interface Asked {
  readonly request: Request;
  readonly url: URL;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string>>;
}

/** An empty body has no type; the contract says whether there must be a body. */
async function readBody({ request, headers }: Asked): Promise<Body> {
  const { body } = request;
  if (body === null || headers['content-length'] === '0') return { ok: true, value: undefined };
  if (!jsonType.test(headers['content-type'] ?? '') || headers['content-encoding'] !== undefined)
    return { ok: false, status: 415 };
  const text = await readText(body);
  if (text === undefined) return { ok: false, status: 413 };
  try {
    const value: unknown = JSON.parse(text);
    // As in Express: a bare number or text is no document.
    return typeof value === 'object' && value !== null
      ? { ok: true, value }
      : { ok: false, status: 400 };
  } catch {
    return { ok: false, status: 400 };
  }
}

interface Found {
  readonly route: Route;
  readonly params: Readonly<Record<string, string>>;
}

async function respond({ route, params }: Found, asked: Asked): Promise<HttpAnswer> {
  const body = await readBody(asked);
  if (!body.ok) return toUnreadable(body.status);
  const answer = await route.respond({
    headers: asked.headers,
    params,
    query: { ...parse(asked.url.search.slice(1)) },
    body: body.value,
    signal: asked.request.signal,
  });
  return isStream(answer) ? toGeneralProblem('internal-error') : answer;
}

/** Within the caller's trace, where there is one. */
async function respondTraced(
  tracing: Tracing | undefined,
  found: Found,
  asked: Asked,
): Promise<HttpAnswer> {
  const { request, url, headers } = asked;
  const span =
    tracing &&
    beginTrace(tracing, found.route.operation, {
      method: request.method,
      headers,
      attributes: {
        'url.scheme': url.protocol.slice(0, -1),
        'url.path': url.pathname,
        ...readServer(url),
      },
    });
  if (!span) return respond(found, asked);
  let status: number | null = null;
  try {
    const answer = await span.run(() => respond(found, asked));
    status = answer.status;
    return answer;
  } finally {
    span.end(status);
  }
}

interface KnownRoute {
  readonly route: Route;
  readonly pattern: URLPattern;
}

const decode = (groups: Readonly<Record<string, string | undefined>>): Found['params'] =>
  Object.fromEntries(
    Object.entries(groups).map(([name, value = '']) => [name, decodeURIComponent(value)]),
  );

function respondAt(
  routes: readonly KnownRoute[],
  tracing: Tracing | undefined,
  asked: Asked,
): HttpAnswer | Promise<HttpAnswer> {
  const { pathname } = asked.url;
  const found = routes.flatMap(({ route, pattern }) => {
    if (route.operation.path === pathname) return [{ route, groups: {} }];
    const groups =
      route.operation.path.includes(':') && pattern.exec({ pathname })?.pathname.groups;
    return groups ? [{ route, groups }] : [];
  });
  if (found.length === 0) return toGeneralProblem('not-found');
  const method = asked.request.method === 'HEAD' ? 'GET' : asked.request.method;
  const called = found.find(({ route }) => route.operation.method === method);
  if (!called) return toOtherMethod(found.map(({ route }) => route));
  try {
    return respondTraced(tracing, { ...called, params: decode(called.groups) }, asked);
  } catch (error) {
    if (error instanceof URIError) return toUndecodable();
    throw error;
  }
}

interface Names {
  /** Sites whose pages are trusted. */
  readonly known: ReadonlySet<string>;
  /** Names that the Host header may carry, besides this machine's. */
  readonly allowed: ReadonlySet<string>;
}

function refuse({ request, url, headers }: Asked, { known, allowed }: Names) {
  if (!allowed.has(url.hostname)) return toGeneralProblem('misdirected-request');
  return isFromElsewhere({ method: request.method, headers }, known)
    ? toGeneralProblem('cross-site')
    : undefined;
}

export function createFetchHandler({ incarnation, tracing, ...options }: FetchOptions) {
  const names = { known: toKnownHosts(options.hosts), allowed: toAllowedHosts(options.hosts) };
  const routes = options.routes.map((route) => ({
    route,
    pattern: new URLPattern({ pathname: route.operation.path }),
  }));
  return async (request: Request): Promise<Response> => {
    const headers = Object.fromEntries(request.headers);
    const asked = { request, url: new URL(request.url), headers };
    const answer = refuse(asked, names) ?? (await respondAt(routes, tracing, asked));
    return new Response(request.method === 'HEAD' ? null : JSON.stringify(answer.body), {
      status: answer.status,
      headers: { ...securityHeaders, ...answer.headers, [incarnationHeader]: incarnation },
    });
  };
}
