/** A run told for people, from its events: the sentences of its narrative, and the spans of its trace. */
import type { RunStory, StorySpan } from '@baton/contracts';
import { type Event, type RunView, readWay, type TriedEvent, type WayState } from '@baton/saga';
import type { SpanRecord } from '@baton/telemetry';
import { toOneLine } from '@baton/telemetry/one-line';
import { projectRun } from '../traces/run-spans.ts';
import type { Workflow } from '../workflow.ts';
import { type EventOf, findTelling } from './event-table.ts';
import { isReplay, toAim, toStepName, toWords } from './event-words.ts';
import { toInstant } from './instant.ts';
import { describeRest, describeRun, tellEvents } from './narrative.ts';
import { toTraced } from './run-trace.ts';
import { findWay, toWays } from './run-view.ts';

export const toRunStory = (run: RunView, workflow: Workflow, nowMs: number): RunStory => ({
  head: toOneLine(describeRun(run, workflow)),
  asked: toOneLine(workflow.describeInput?.(run.state) ?? '') || null,
  troubles: listTroubles(run).map(toOneLine),
  deeds: listDeeds(run).map(toOneLine),
  holdings: listHoldings(run, workflow),
  told: tellEvents(run, workflow).map(({ event: { seq, at, type }, text }) => ({
    seq,
    at: toInstant(at),
    type,
    text: toOneLine(text),
  })),
  rest: describeRest(run, workflow, nowMs).map(toOneLine),
  spans: projectRun(run.id, run.events.map(asTraced), () => run.saga ?? undefined)
    .filter(({ kind, name }) => kind === 'internal' && !ofWhole.has(name))
    .map(toStorySpan),
  mayDo: { ...run.acts, skip: [...run.acts.skip] },
});

/** `label, at printer: no answer in time, 3 times`. */
const listTroubles = ({ events, saga }: RunView): string[] =>
  toCounted(
    events.flatMap((event) => {
      if (!('attempt' in event && 'code' in event)) return [];
      const { reply } = findTelling(event.type);
      const at = toAt(event, saga);
      return `${toAimOf(event)}, at ${at}: ${reply === 'refused' ? 'refused: ' : ''}${toWords(event.code)}`;
    }),
  );

/** Each text once, with how often it came. */
function toCounted(texts: readonly string[]): string[] {
  const times = new Map<string, number>();
  for (const text of texts) times.set(text, (times.get(text) ?? 0) + 1);
  return [...times].map(([text, count]) => (count > 1 ? `${text}, ${count} times` : text));
}

const toAimOf = ({ type, way }: TriedEvent): string =>
  toAim({ way, direction: findTelling(type).direction ?? 'forward' });

const toAt = (event: Event, saga: RunView['saga']): string =>
  ('way' in event && findWay(saga, event.way)?.participant) || 'its participant';

/** In the order of time. */
const listDeeds = (run: RunView): string[] =>
  toCounted(run.events.flatMap((event) => toDeeds(event, run)));

function toDeeds(event: Event, run: RunView): string[] {
  const at = toAt(event, run.saga);
  const { isDeed, sentence } = findTelling(event.type);
  return [
    ...('attempt' in event && event.attempt > 1
      ? [`asked again for ${toAimOf(event)}, marked as the same request`]
      : []),
    ...(isDeed ? [sentence(event, at, run)] : []),
    ...(event.type === 'step-succeeded' ? toDone(event, run) : []),
    ...(event.type === 'undo-succeeded' ? [toUndone(event.way, at, run)] : []),
  ];
}

function toDone(event: EventOf<'step-succeeded'>, { state }: RunView): string[] {
  const { way } = event;
  const step = toStepName(way);
  return [
    ...(isReplay(event)
      ? [`${way} had been done by an earlier attempt: it was not done twice`]
      : []),
    ...(state.deferred.includes(step) ? [`did ${step} after all`] : []),
  ];
}

const toUndone = (way: string, at: string, { state }: RunView): string =>
  readWay(state, way).result === 'ok'
    ? `undid ${way}, at ${at}`
    : `had ${way} undone at ${at}, in case it was done`;

function listHoldings({ saga, state }: RunView, { describeHeld }: Workflow): RunStory['holdings'] {
  const isGoingBack = state.phase === 'compensating' || state.phase === 'compensated';
  const ways = saga?.plan.flatMap(toWays) ?? [];
  return ways.flatMap(({ name, participant }) => {
    const what = describeHeld?.(name, state);
    const isMissed = isGoingBack && name === toStepName(name);
    const way = readWay(state, name);
    const holding = toHolding(way) ?? (isMissed ? 'never' : null);
    const isUnsure = holding === 'gave-back' && way.result !== 'ok';
    const unsure = isUnsure && { unsure: true as const };
    return what && holding
      ? [{ participant, what: toOneLine(what), state: holding, ...unsure }]
      : [];
  });
}

/** Null where nothing may be held so far. */
function toHolding({ result, mayExist, undo, writtenOff }: WayState) {
  if (undo.done) return 'gave-back';
  if (writtenOff?.direction === 'undo') return 'written-off';
  if (result === 'ok') return 'holds';
  if (result === 'refused') return 'never';
  return mayExist ? 'may-hold' : null;
}

const asTraced = (event: Event): Event =>
  event.type === 'accepted' ? { ...event, context: toTraced(event.context, event.at) } : event;

/** They are as long as the order, and say no more than its status. */
const ofWhole: ReadonlySet<string> = new Set(['order', 'order completed', 'order compensated']);
const waits: ReadonlySet<string> = new Set(['wait', 'parked', 'queued']);

function toStorySpan({ name, startUs, endUs, attributes, error }: SpanRecord): StorySpan {
  const read = createReader(attributes);
  const reply = read('baton.reply') as StorySpan['reply'];
  const step = read('baton.step');
  const direction = read('baton.direction') as StorySpan['direction'];
  const code = read('baton.code');
  const fault = read('baton.fault');
  const kindOfRest = waits.has(name) ? 'wait' : 'mark';
  return {
    name,
    kind: reply ? 'attempt' : kindOfRest,
    ...(step && { step }),
    ...(direction && { direction }),
    from: toInstant(Math.floor(startUs / 1_000)),
    to: toInstant(Math.floor(endUs / 1_000)),
    ...(reply && { reply }),
    ...(code && { code }),
    ...(fault && { fault }),
    error,
  };
}

const createReader =
  (attributes: Readonly<Record<string, unknown>>) =>
  (name: string): string | undefined =>
    attributes[name] === undefined ? undefined : String(attributes[name]);
