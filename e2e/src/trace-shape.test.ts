/** The trace of each story, without a server: what hangs on what, in which order, and what it says. */

import { spanAttributes } from '@baton/telemetry';
import { SpanKind, SpanStatusCode } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import { beforeAll, describe, expect, it } from 'vitest';
import { findLacking } from './http-conventions.ts';
import { growTree, idOf, parentOf, serviceOf, toLines } from './span-tree.ts';
import { stories } from './stories.ts';
import { playTraced, type TracedEnding } from './traced-story.ts';

const caller = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
/** Crashed at each point they would take minutes. */
const short = stories.filter(({ isLong }) => !isLong);

const allOf = ({ told, measured }: TracedEnding): ReadableSpan[] => [...told, ...measured];
const isTrying = ({ attributes, kind }: ReadableSpan): boolean =>
  kind === SpanKind.INTERNAL && 'baton.call' in attributes;
const toWords = ({ attributes }: ReadableSpan) =>
  ['baton.direction', 'baton.step', 'baton.way', 'baton.attempt'].map((key) => attributes[key]);

describe.each(stories)('when $name', (story) => {
  let ending: TracedEnding;
  beforeAll(async () => {
    ending = await playTraced(story);
  });

  it('has the trace that is published', async () => {
    const lines = toLines(growTree(allOf(ending)));
    await expect(`${lines.join('\n')}\n`).toMatchFileSnapshot(
      `trace-shapes/${story.name.replaceAll(/[^a-z]+/gi, '-').toLowerCase()}.txt`,
    );
  });

  it('is one tree, in which each call hangs on its attempt, and each answer on its call', () => {
    const spans = allOf(ending);
    const { roots, faults } = growTree(spans);
    expect([roots.length, faults]).toEqual([1, []]);
    const byId = new Map(spans.map((span) => [idOf(span), span]));
    const parents = (kind: SpanKind) =>
      spans.filter((span) => span.kind === kind).map((span) => byId.get(parentOf(span)));
    expect(parents(SpanKind.SERVER).every((call) => call?.kind === SpanKind.CLIENT)).toBe(true);
    expect(parents(SpanKind.CLIENT).every((step) => step && isTrying(step))).toBe(true);
  });

  it('tells each attempt of the journal once, in its order, and says how it ended', () => {
    const { told, events } = ending;
    const tries = events.filter((event) => 'attempt' in event);
    expect(told.filter(isTrying).map(toWords)).toEqual(
      tries.map(({ type, way, attempt }) => [
        type.startsWith('undo-') ? 'undo' : 'forward',
        way.split(':')[0],
        way.endsWith(':alt') ? 'alternate' : 'first',
        type.endsWith('-unsent') ? undefined : attempt,
      ]),
    );
    expect(told.filter(isTrying).map(({ status }) => status.code === SpanStatusCode.ERROR)).toEqual(
      tries.map(({ type }) => !type.endsWith('-succeeded')),
    );
    const end = told.find(({ name }) => name === `order ${story.ends.status}`);
    expect(end?.attributes).toMatchObject({
      'baton.order.status': story.ends.status,
      ...(story.ends.code && { 'baton.code': story.ends.code }),
    });
  });

  it('says of each call what the conventions of HTTP require, and no outcome in its name', () => {
    for (const span of ending.told.filter(({ kind }) => kind === SpanKind.CLIENT)) {
      const { name, attributes } = span;
      expect([name, findLacking(span)]).toEqual([`POST ${attributes['url.template']}`, []]);
    }
  });

  it('holds no token, no customer, and nothing that is not on the list', async () => {
    const spans = allOf(await playTraced(story, { headers: { baggage: 'who=ada,card=tok_ok' } }));
    const said = spans.map(({ name, attributes, status, events, links }) => [
      name,
      attributes,
      status,
      events,
      links,
    ]);
    expect(JSON.stringify(said)).not.toMatch(/tok_|\bada\b|card|order-completed/);
    const names = new Set(spans.flatMap(({ attributes }) => Object.keys(attributes)));
    expect([...names].filter((name) => !spanAttributes.includes(name as never))).toEqual([]);
    expect(spans.every(({ attributes }) => 'baton.order.id' in attributes)).toBe(true);
  });
});

describe.each(short)('wherever the orchestrator crashes, when $name', (story) => {
  it('leaves no orphan and no second root, and says that somebody else went on', async () => {
    const { points } = await playTraced(story);
    for (let crashAt = 1; crashAt <= points; crashAt += 1) {
      const ending = await playTraced(story, { crashAt });
      const { roots, faults } = growTree(allOf(ending));
      expect([crashAt, roots.map(({ span }) => span.name), faults]).toEqual([
        crashAt,
        ['order'],
        [],
      ]);
      const takeovers = ending.events.filter(
        (event) => event.type === 'recovered' || 'interrupted' in event,
      );
      const told = ending.told.filter(({ name }) => name === 'orchestrator recovered');
      expect([crashAt, told.length]).toEqual([crashAt, takeovers.length]);
    }
  });
});

it("belongs to its caller's trace, and its root to the caller's span", async () => {
  const [story] = stories;
  if (!story) throw new Error('there is no story');
  const spans = allOf(await playTraced(story, { headers: { traceparent: caller } }));
  expect(new Set(spans.map((span) => span.spanContext().traceId))).toEqual(
    new Set(['a'.repeat(32)]),
  );
  const [root, ...others] = growTree(spans).roots;
  expect([root && parentOf(root.span), others]).toEqual(['b'.repeat(16), []]);
  expect(new Set(spans.map(serviceOf)).size).toBe(5);
});

it('has no spans when its caller is not sampled', async () => {
  const [story] = stories;
  if (!story) throw new Error('there is no story');
  const headers = { traceparent: caller.replace(/1$/, '0') };
  expect(allOf(await playTraced(story, { headers }))).toEqual([]);
});
