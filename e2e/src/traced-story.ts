/** A story with its trace: spans from the journal, and spans that the participants measured. */
import { toRunContext } from '@baton/runtime';
import { toReadableSpan } from '@baton/telemetry';
import { createTracing } from '@baton/telemetry/testing';
import { InMemorySpanExporter, type ReadableSpan } from '@opentelemetry/sdk-trace';
import { type Ending, orderId, type Plot, play } from './story.ts';
import { tellOrder } from './told-spans.ts';

export interface TracedEnding extends Ending {
  /** Spans from the journal. */
  readonly told: readonly ReadableSpan[];
  /** Spans that participants measured. */
  readonly measured: readonly ReadableSpan[];
}

export interface TracedPlay {
  readonly crashAt?: number;
  /** Of the request that placed the order. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** Published traces are of this version: a newer version with other steps has other traces. */
const version = 2;

export async function playTraced(story: Plot, options: TracedPlay = {}): Promise<TracedEnding> {
  const { crashAt, headers = {} } = options;
  const exporter = new InMemorySpanExporter();
  const openTracing = (service: string) => createTracing({ service, exporter, isImmediate: true });
  const context = toRunContext({ headers, receivedAt: 0 }, openTracing('orchestrator'));
  const ending = await play(story, crashAt, { openTracing, context, version });
  return { ...ending, measured: exporter.getFinishedSpans(), told: tell(ending, openTracing) };
}

function tell(
  { events }: Pick<Ending, 'events'>,
  openTracing: (service: string) => Pick<ReturnType<typeof createTracing>, 'resource'>,
): ReadableSpan[] {
  const { resource } = openTracing('orchestrator');
  return tellOrder(orderId, events).map((record) => toReadableSpan(record, resource));
}
