/** Health routes, the same on every app. */
import { z } from 'zod';
import { defineOperation } from './operation.ts';

export const Live = z.object({ status: z.literal('live') }).meta({ id: 'Live' });

export const Ready = z
  .object({
    status: z.enum(['ready', 'not-ready']),
    checks: z.record(z.string(), z.string()).meta({ description: 'What each check says' }),
  })
  .meta({ id: 'Ready' });

export const healthLive = (service: string) =>
  defineOperation({
    name: `${service}.live`,
    service,
    kind: 'read',
    method: 'GET',
    path: '/health/live',
    summary: 'The process runs',
    replies: { 200: Live },
    problems: {},
    examples: { reply: { status: 'live' } },
  });

export const healthReady = (service: string) =>
  defineOperation({
    name: `${service}.ready`,
    service,
    kind: 'read',
    method: 'GET',
    path: '/health/ready',
    summary: 'It can take work; 503 while it cannot',
    replies: { 200: Ready, 503: Ready },
    problems: {},
    examples: { reply: { status: 'ready', checks: { store: 'ok' } } },
  });
