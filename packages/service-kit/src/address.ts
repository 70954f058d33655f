/** Addresses in settings: an address that can never work is named before anything starts. */
import { isIP } from 'node:net';
import { z } from 'zod';

/** https://fetch.spec.whatwg.org/#port-blocking: no browser and no `fetch` calls these. */
export const blockedPorts: ReadonlySet<number> = new Set(
  `0 1 7 9 11 13 15 17 19 20 21 22 23 25 37 42 43 53 69 77 79 87 95 101 102 103 104 109 110 111 113 115
   117 119 123 135 137 139 143 161 179 389 427 465 512 513 514 515 526 530 531 532 540 548 554 556 563
   587 601 636 989 990 993 995 1719 1720 1723 2049 3659 4045 4190 5060 5061 6000 6566 6665 6666 6667
   6668 6669 6679 6697 10080`
    .split(/\s+/)
    .map(Number),
);

const isCallable = ({ port }: URL): boolean => port === '' || !blockedPorts.has(Number(port));
const isAnonymous = ({ username, password }: URL): boolean => `${username}${password}` === '';

/** A text that is no address at all was refused before. */
const isTrueOf =
  (check: (url: URL) => boolean) =>
  (text: string): boolean => {
    const url = URL.parse(text);
    return url === null || check(url);
  };

/** An address that is called as it stands, such as a webhook's, whose query may be its secret. */
export const CalledUrl = z
  .url({ protocol: /^https?$/, error: 'must be an http or https address' })
  .refine(isTrueOf(isAnonymous), 'must have no user or password: they would not be sent')
  .refine((text) => !text.includes('#'), 'must have no fragment: it would not be sent')
  .refine(isTrueOf(isCallable), 'must have another port: fetch and browsers refuse this one');

/** A service's address: paths are appended to it. An empty query would swallow them, too. */
export const ServiceUrl = CalledUrl.refine(
  (text) => !text.includes('?'),
  'must have no query: paths are appended to it',
);

const hostName =
  /^(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*\.?$/i;

const isHost = (text: string): boolean => isIP(text) !== 0 || hostName.test(text);

/** To listen on. */
export const Host = z
  .string()
  .refine(isHost, 'must be an address or a name, without a scheme or a port');

/** Names as a Host header has them: an IPv6 address may have its brackets. */
export const HostList = z
  .string()
  .max(2_000)
  .default('')
  .transform((text) => text.split(',').flatMap((name) => name.trim() || []))
  .refine(
    (names) => names.every((name) => isHost(name.replace(/^\[(.*:.*)\]$/, '$1'))),
    'must be names or addresses, without schemes, ports or patterns',
  );
