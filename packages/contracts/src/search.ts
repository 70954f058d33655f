/** Finding runs by a word of their request, such as a customer. For operators: a run's own view names no customer. */
import { z } from 'zod';
import { defineOperation } from './operation.ts';
import { NextCursor, PageQuery } from './page.ts';
import { runSummaryShape } from './run-view.ts';

const Found = z.object({ id: z.string(), ...runSummaryShape }).meta({ id: 'FoundRun' });
export type Found = z.infer<typeof Found>;

const search = defineOperation({
  name: 'orchestrator.search',
  service: 'orchestrator',
  kind: 'read',
  access: 'operator',
  method: 'GET',
  path: '/search',
  summary: 'Operators: runs by a word of their request, looked for among the newest',
  query: PageQuery.pick({ cursor: true }).extend({ word: z.string().trim().min(1).max(200) }),
  replies: {
    200: z.object({
      found: z.array(Found).meta({ description: 'The newest first' }),
      looked: z.int().min(0).meta({ description: 'How many runs were looked at' }),
      nextCursor: NextCursor.meta({ description: 'To look at older ones; null: there are none' }),
    }),
  },
  problems: {},
  examples: {
    reply: {
      found: [
        {
          id: 'ord_5f1b2c3d4e5f60718293a4b5c6d7e8f9',
          status: 'completed',
          version: 2,
          createdAt: '2026-01-01T00:00:00.000Z',
          degraded: [],
          writtenOff: [],
        },
      ],
      looked: 1_000,
      nextCursor: '712',
    },
  },
});

export const searchOperations = { search };
