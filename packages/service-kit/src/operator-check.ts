/**
 * Who may operate: callers with the token, where there is one. Without a token only this machine, where such a process
 * listens.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { BlockList } from 'node:net';
import type { RequestHandler } from 'express';
import { toGeneralProblem } from './problem-answer.ts';
import { sendAnswer } from './send-answer.ts';

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8);
loopback.addAddress('::1', 'ipv6');

const isLoopback = (address = ''): boolean =>
  loopback.check(address, address.includes(':') ? 'ipv6' : 'ipv4');

const toDigest = (text: string): Buffer => createHash('sha256').update(text).digest();

/** Digests have one length, so that the time it takes says nothing of the token. */
const isSame = (given: string, expected: string): boolean =>
  timingSafeEqual(toDigest(given), toDigest(expected));

/** Of an Authorization header. */
export const hasToken = (authorization: string | undefined, token: string): boolean =>
  isSame((authorization ?? '').replace(/^bearer /i, ''), token) &&
  /^bearer /i.test(authorization ?? '');

export const createOperatorCheck =
  (token: string | undefined): RequestHandler =>
  (request, response, next) => {
    const isAllowed =
      token === undefined
        ? isLoopback(request.socket.remoteAddress)
        : hasToken(request.headers.authorization, token);
    if (isAllowed) return next();
    sendAnswer(
      response,
      toGeneralProblem('unauthorized', { headers: { 'www-authenticate': 'Bearer' } }),
    );
  };
