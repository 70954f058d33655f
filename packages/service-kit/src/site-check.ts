/**
 * A browser sends any page's requests, and those without a body without asking: so a change that another site's page
 * requests is refused. Programs do not send the headers that are checked here.
 */
import type { RequestHandler } from 'express';
import { loopbackHosts, toHostName } from './host-check.ts';
import { toGeneralProblem } from './problem-answer.ts';
import { sendAnswer } from './send-answer.ts';

const harmless: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

/** `none`: the user has asked for it by hand. Another port of the same machine is `same-site`, and may be anybody's. */
const own: ReadonlySet<string> = new Set(['same-origin', 'none']);

interface Asked {
  readonly method: string;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
}

/**
 * Browsers before 2023 may send the origin alone, as all do to a name in a local network without TLS. An unreadable origin, such as `null`, is no site's.
 */
function isOwn({ headers }: Asked, hosts: ReadonlySet<string>): boolean {
  const site = headers['sec-fetch-site'];
  if (site !== undefined) return own.has(String(site));
  if (headers.origin === undefined) return true;
  const origin = URL.parse(String(headers.origin));
  return origin !== null && (origin.host === headers.host || hosts.has(origin.host));
}

export const isFromElsewhere = (request: Asked, hosts: ReadonlySet<string>): boolean =>
  !harmless.has(request.method) && !isOwn(request, hosts);

/** A name stands for its usual port alone. This machine's own names are none: a port of it may be anybody's. */
export const toKnownHosts = (hosts: readonly string[]): ReadonlySet<string> =>
  new Set(
    hosts
      .map((host) => toHostName(host).toLowerCase())
      .filter((host) => !loopbackHosts.includes(host)),
  );

/** `hosts`: names that a proxy may serve this app by. */
export function createSiteCheck(hosts: readonly string[]): RequestHandler {
  const known = toKnownHosts(hosts);
  return (request, response, next) => {
    if (isFromElsewhere(request, known)) sendAnswer(response, toGeneralProblem('cross-site'));
    else next();
  };
}
