/**
 * A span that is measured while work goes on in it: one object, from its start until the collector has it. A service has
 * two for each request, and the SDK's own, which are made for every need, would be a good part of what a request costs.
 *
 * 1. It says what is on the list, whoever says it. Events, links, exceptions and messages may hold anything: it takes none.
 * 2. All spans of a request are measured by one clock that never jumps, so that none lies outside of another for that.
 */
import { randomBytes } from 'node:crypto';
import {
  type HrTime,
  type Span,
  type SpanContext,
  SpanKind,
  type SpanStatus,
  SpanStatusCode,
  TraceFlags,
} from '@opentelemetry/api';
import type { Resource } from '@opentelemetry/resources';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import { addAttribute } from './span-attributes.ts';
import { scope, toTime } from './span-record.ts';
import type { SpanRef } from './span-ref.ts';
import type { Tracing } from './tracing.ts';

/** What all spans of a request share. */
export interface Scene {
  readonly tracing: Pick<Tracing, 'measured' | 'take'>;
  /** In milliseconds since the epoch, when the clock that never jumps said 0. */
  readonly zeroMs: number;
  /** The request's own span is told by somebody else. */
  isToldElsewhere: boolean;
  /** Answered, or cut: what is done from now on comes late. */
  isOver: boolean;
  /** Ended before their request: a process that is killed in between must not leave them without a parent. */
  readonly held: LiveSpan[];
}

/** To the collector, with the request that they belong to. */
export function release({ held, tracing }: Scene): void {
  for (const span of held.splice(0)) tracing.take(span);
}

export const createScene = (tracing: Scene['tracing']): Scene => ({
  tracing,
  zeroMs: Date.now() - performance.now(),
  isToldElsewhere: false,
  isOver: false,
  held: [],
});

const poolBytes = 4_096;
const idLength = 16;
let pool = '';

/** From a pool of randomness: made one by one, ids would cost as much as all the rest of a span. */
function createSpanId(): string {
  if (pool === '') pool = randomBytes(poolBytes).toString('hex');
  const id = pool.slice(0, idLength);
  pool = pool.slice(idLength);
  return id;
}

const readNowUs = ({ zeroMs }: Scene): number => Math.round((zeroMs + performance.now()) * 1_000);

export class LiveSpan implements Span, ReadableSpan {
  readonly scene: Scene;
  readonly kind: SpanKind;
  readonly parentSpanContext: SpanContext;
  readonly startTime: HrTime;
  readonly resource: Resource;
  readonly instrumentationScope = scope;
  readonly attributes: Record<string, string | number | boolean> = {};
  readonly links = [];
  readonly events = [];
  readonly droppedAttributesCount = 0;
  readonly droppedEventsCount = 0;
  readonly droppedLinksCount = 0;
  name: string;
  status: SpanStatus = { code: SpanStatusCode.UNSET };
  endTime: HrTime = [0, 0];
  duration: HrTime = [0, 0];
  ended = false;
  readonly #context: SpanContext;
  readonly #startUs: number;

  constructor(scene: Scene, name: string, parent: SpanContext) {
    const { traceId } = parent;
    this.scene = scene;
    this.name = name;
    this.kind = parent.isRemote ? SpanKind.SERVER : SpanKind.INTERNAL;
    this.parentSpanContext = parent;
    this.resource = scene.tracing.measured;
    this.#context = { traceId, spanId: createSpanId(), traceFlags: TraceFlags.SAMPLED };
    this.#startUs = readNowUs(scene);
    this.startTime = toTime(this.#startUs);
  }

  spanContext(): SpanContext {
    return this.#context;
  }

  setAttributes(given: Readonly<Record<string, unknown>>): this {
    for (const name of Object.keys(given)) this.setAttribute(name, given[name]);
    return this;
  }

  setAttribute(name: string, value: unknown): this {
    if (!this.ended) addAttribute(this.attributes, name, value);
    return this;
  }

  setStatus({ code }: SpanStatus): this {
    if (!this.ended) this.status = { code };
    return this;
  }

  updateName(name: string): this {
    if (!this.ended) this.name = name;
    return this;
  }

  addEvent(): this {
    return this;
  }

  addLink(): this {
    return this;
  }

  addLinks(): this {
    return this;
  }

  recordException(): void {}

  isRecording(): boolean {
    return !this.ended;
  }

  end(): void {
    if (this.ended) return;
    const endUs = readNowUs(this.scene);
    this.endTime = toTime(endUs);
    this.duration = toTime(endUs - this.#startUs);
    this.ended = true;
    if (this.kind === SpanKind.INTERNAL && !this.scene.isOver) this.scene.held.push(this);
    else this.scene.tracing.take(this);
  }
}

/** Of the caller, in another process. */
export const toRemoteContext = ({ traceId, spanId }: SpanRef): SpanContext => ({
  traceId,
  spanId,
  traceFlags: TraceFlags.SAMPLED,
  isRemote: true,
});
