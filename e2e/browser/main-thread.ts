/**
 * How long the page itself keeps its main thread busy, from Chromium's own trace: in the thread's time, without the time
 * of other processes.
 */
import type { Browser, CDPSession } from 'playwright-core';

interface TraceEvent {
  readonly name?: string;
  readonly pid?: number;
  readonly tid?: number;
  /** Of its thread's time, in microseconds. */
  readonly tdur?: number;
  readonly args?: { readonly name?: string };
}

const traceConfig = {
  includedCategories: ['disabled-by-default-devtools.timeline'],
  excludedCategories: ['*'],
};

/** The main-thread tasks of all pages during the work, in milliseconds, the longest first. */
export async function traceTasks(
  browser: Browser,
  work: () => Promise<void>,
): Promise<readonly number[]> {
  const session = await browser.newBrowserCDPSession();
  const events: TraceEvent[] = [];
  session.on('Tracing.dataCollected', ({ value }) => events.push(...value));
  await session.send('Tracing.start', { transferMode: 'ReportEvents', traceConfig });
  await work();
  await endTrace(session);
  await session.detach();
  const mains = new Set(
    events
      .filter(({ args }) => args?.name === 'CrRendererMain')
      .map(({ pid, tid }) => `${pid}/${tid}`),
  );
  return events
    .flatMap(({ name, pid, tid, tdur = 0 }) =>
      name === 'RunTask' && mains.has(`${pid}/${tid}`) ? [tdur / 1_000] : [],
    )
    .sort((a, b) => b - a);
}

async function endTrace(session: CDPSession): Promise<void> {
  const complete = new Promise((resolve) => session.once('Tracing.tracingComplete', resolve));
  await session.send('Tracing.end');
  await complete;
}
