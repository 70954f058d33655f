/** Where a run can be looked at. */
import type { RunLinks, RunNaming } from '@baton/contracts';
import type { RunState } from '@baton/saga';
import type { z } from 'zod';
import { readRunTrace } from './run-trace.ts';

export type ToLinks = (
  naming: RunNaming,
  id: string,
  state?: Pick<RunState, 'context' | 'calls'>,
) => z.infer<typeof RunLinks>;

/** `jaegerUrl` is the address of Jaeger's page, such as `http://localhost:16686`; without it no trace is linked. */
export const createLinks =
  (jaegerUrl: string | undefined): ToLinks =>
  ({ plural }, id, state) => {
    const self = `/${plural}/${id}`;
    const trace = jaegerUrl && state ? readRunTrace(id, state) : undefined;
    return {
      self,
      events: `${self}/events`,
      cancel: `${self}/cancel`,
      ...(trace && { trace: `${jaegerUrl?.replace(/\/+$/, '')}/trace/${trace.traceId}` }),
    };
  };
