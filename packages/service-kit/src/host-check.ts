/** A page elsewhere can point its own name at 127.0.0.1; only the Host header gives it away. */
import type { RequestHandler } from 'express';
import { toGeneralProblem } from './problem-answer.ts';
import { sendAnswer } from './send-answer.ts';

const LOOPBACK_HOSTS = ['localhost', '127.0.0.1', '[::1]'];
const HOST_HEADER = /^(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::\d{1,5})?$/;

/** IPv6 addresses stand in brackets in a Host header. */
const toHostName = (host: string): string =>
  host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;

export const createHostCheck = (hosts: readonly string[]): RequestHandler => {
  const allowed = new Set([...LOOPBACK_HOSTS, ...hosts.map((h) => toHostName(h).toLowerCase())]);
  return (request, response, next) => {
    const name = HOST_HEADER.exec((request.headers.host ?? '').toLowerCase())?.[1];
    if (name !== undefined && allowed.has(name)) next();
    else sendAnswer(response, toGeneralProblem('misdirected-request'));
  };
};
