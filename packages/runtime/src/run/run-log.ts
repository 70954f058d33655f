/** What goes wrong with runs, and what is done about it, as lines that lead to their traces. */
import type { Feed } from '@baton/saga';
import type { Log } from '@baton/telemetry';
import { findWorkflow, toIdField, type Workflows } from '../workflow.ts';
import { findTelling } from './event-table.ts';
import { findSpan } from './run-trace.ts';

export function logRuns(feed: Pick<Feed, 'subscribe'>, workflows: Workflows, log: Log): void {
  feed.subscribe(({ run, event, state }) => {
    const { log: level } = findTelling(event.type);
    if (!level || !log.isLevelEnabled(level)) return;
    const span = findSpan(run, state);
    const code = 'code' in event ? { code: event.code } : {};
    const ids = span ? { trace_id: span.traceId, span_id: span.spanId } : {};
    log[level](
      { ...toIdField(findWorkflow(workflows, state), run), ...code, ...ids },
      event.type.replaceAll('-', ' '),
    );
  });
}
