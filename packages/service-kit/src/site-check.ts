/**
 * A browser sends what any page tells it to, and a request without a body needs nobody's leave: so requests that change
 * something are refused where another site's page has made them. Programs send neither of the headers looked at here.
 */
import type { Request, RequestHandler } from 'express';
import { toGeneralProblem } from './problem-answer.ts';
import { sendAnswer } from './send-answer.ts';

const harmless: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

/** `none`: the user has asked for it by hand. Another port of the same machine is `same-site`, and may be anybody's. */
const own: ReadonlySet<string> = new Set(['same-origin', 'none']);

/** Browsers of before 2023 may send the origin alone. What cannot be read, as `null`, is nobody's. */
function isOwn({ headers }: Request, hosts: ReadonlySet<string>): boolean {
  const site = headers['sec-fetch-site'];
  if (site !== undefined) return own.has(String(site));
  if (headers.origin === undefined) return true;
  const origin = URL.parse(headers.origin);
  return origin !== null && (origin.host === headers.host || hosts.has(origin.hostname));
}

/** `hosts`: names that a proxy may serve this app by. */
export function createSiteCheck(hosts: readonly string[]): RequestHandler {
  const known = new Set(hosts.map((host) => host.toLowerCase()));
  return (request, response, next) => {
    if (harmless.has(request.method) || isOwn(request, known)) next();
    else sendAnswer(response, toGeneralProblem('cross-site'));
  };
}
