/** A foreign page can point its own name at 127.0.0.1; only the Host header gives it away. */
import type { Request, RequestHandler } from 'express';
import { toGeneralProblem } from './problem-answer.ts';
import { sendAnswer } from './send-answer.ts';

export const loopbackHosts = ['localhost', '127.0.0.1', '[::1]'];
const hostHeader = /^(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::\d{1,5})?$/;

/** IPv6 addresses stand in brackets in a Host header, and before a port. */
export const toHostName = (host: string): string =>
  host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;

/** Of several Host headers Node reads the first, and a proxy may have read the last: none is believed. */
const readHost = ({ headersDistinct: { host = [] } }: Request): string | undefined =>
  host.length === 1 ? hostHeader.exec((host[0] ?? '').toLowerCase())?.[1] : undefined;

/** A target may be a whole address, whose host then counts as well. A path has no host, and passes. */
const isTargetAllowed = (url: string, allowed: ReadonlySet<string>): boolean =>
  url.startsWith('/') || allowed.has(URL.parse(url)?.hostname ?? '');

/** The names that a Host header may carry: `hosts` besides loopback. */
export const toAllowedHosts = (hosts: readonly string[]): ReadonlySet<string> =>
  new Set([...loopbackHosts, ...hosts.map((h) => toHostName(h).toLowerCase())]);

export function createHostCheck(hosts: readonly string[]): RequestHandler {
  const allowed = toAllowedHosts(hosts);
  return (request, response, next) => {
    const name = readHost(request);
    if (name !== undefined && allowed.has(name) && isTargetAllowed(request.originalUrl, allowed))
      next();
    else sendAnswer(response, toGeneralProblem('misdirected-request'));
  };
}
