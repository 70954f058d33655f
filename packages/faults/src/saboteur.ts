/**
 * Stands between a participant and its callers, and does to each call what the flags say. Everything happens before or
 * after the participant's own transaction, never inside, but for a refusal, as the business's would.
 */
import { setTimeout as wait } from 'node:timers/promises';
import {
  type Fault,
  faultableOperations,
  faultHeader,
  faultKinds,
  findParticipant,
  listDeclineCodes,
  problemType,
} from '@baton/contracts';
import type {
  Delivery,
  HttpAnswer,
  InterceptedCall,
  Interceptor,
  Saboteur,
  SaboteurOptions,
} from '@baton/service-kit';
import { type Log, markSpan } from '@baton/telemetry';
import { type Bearing, mayCarry, readBaggage } from './baggage.ts';
import { findFault, toFaultName } from './find-fault.ts';
import { type Flags, openFlags } from './flags.ts';

/** A call that hangs is let go in the end, even if its caller never leaves. */
const hangMaxMs = 600_000;

interface Tools {
  readonly wait: (ms: number) => Promise<void>;
  /** Ends the process as a power cut would. In a test it returns, and the connection is cut. */
  readonly crash: () => void;
  /** Goes on after the answer, and is awaited by nobody. */
  readonly detach: (work: () => Promise<unknown>) => void;
}

const toProblem = (
  { orderId }: InterceptedCall,
  { status, retryAfter }: { readonly status: number; readonly retryAfter?: number | undefined },
): HttpAnswer => ({
  status,
  headers: {
    'content-type': problemType,
    ...(retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) }),
  },
  body: {
    type: 'urn:baton:problem:injected',
    title: 'Broken on purpose',
    status,
    code: 'injected',
    orderId,
  },
});

const toDecline = (call: InterceptedCall, code = listDeclineCodes(call.operation)[0]) => ({
  problem: code,
  detail: 'Declined on purpose',
  // Stored with the refusal, so that a replay has it, too.
  headers: { [faultHeader]: 'decline' },
});

const untilGone = (signal: AbortSignal): Promise<void> =>
  signal.aborted
    ? Promise.resolve()
    : new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));

async function act(fault: Fault, call: InterceptedCall, tools: Tools): Promise<Delivery> {
  switch (fault.kind) {
    case 'latency':
      await tools.wait(fault.ms);
      return { answer: await call.proceed() };
    case 'status':
      return { answer: toProblem(call, fault) };
    case 'overload':
      return { answer: toProblem(call, { ...fault, status: 429 }) };
    case 'hang':
      await Promise.race([untilGone(call.signal), tools.wait(hangMaxMs)]);
      return null;
    case 'reset':
      return null;
    case 'lost-reply':
      await call.proceed();
      return null;
    case 'duplicate':
      await call.proceed();
      return { answer: await call.proceed() };
    case 'late':
      tools.detach(() => tools.wait(fault.ms).then(() => call.proceed()));
      return null;
    case 'malformed':
      return { answer: { ...(await call.proceed()), body: { malformed: true } } };
    case 'drip':
      return { answer: await call.proceed(), overMs: fault.ms };
    case 'crash':
      if (fault.when === 'after') await call.proceed();
      tools.crash();
      return null;
    case 'decline':
      return { answer: await call.proceed(toDecline(call, fault.code)) };
    default:
      return fault satisfies never;
  }
}

/** A refusal marks itself, where it was decided here: an effect that was done before is replayed, and is not refused. */
const mark = (delivery: Delivery, { kind }: Fault): Delivery =>
  delivery === null || kind === 'decline'
    ? delivery
    : {
        ...delivery,
        answer: {
          ...delivery.answer,
          headers: { ...delivery.answer.headers, [faultHeader]: kind },
        },
      };

function killProcess(): void {
  process.kill(process.pid, 'SIGKILL');
}

const createTools = (closed: AbortSignal, log: Log, crash: () => void): Tools => ({
  wait: async (ms) => {
    await wait(ms, undefined, { signal: closed, ref: false });
  },
  crash,
  detach: (work) => {
    work().catch((error) => {
      if (!closed.aborted) log.error({ err: error }, 'a late request failed');
    });
  },
});

export interface SaboteurDesign extends SaboteurOptions {
  readonly crash?: () => void;
  readonly now?: () => number;
}

/** Settings as in baggage: `ms=800:times=2`. */
function describeSettings({ kind, ...settings }: Fault): string | undefined {
  const texts = Object.entries(settings).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${value}`],
  );
  return texts.length > 0 ? texts.join(':') : undefined;
}

/** The faults that the request may carry; a warning names the others. */
function readCarried(bearing: Bearing, { log, operatorToken }: SaboteurDesign): string | undefined {
  const { faults, slips } = readBaggage(bearing.baggage);
  if (slips.length > 0) log.warn({ slips }, 'baggage names faults that there are not');
  if (faults.length === 0) return undefined;
  if (mayCarry(bearing, operatorToken)) return bearing.baggage;
  const { orderId } = bearing;
  log.warn({ orderId }, 'baggage names faults that no operator asked for');
  return undefined;
}

const createIntercept =
  (flags: Flags, tools: Tools, design: SaboteurDesign): Interceptor =>
  async (call) => {
    const { log, name, metrics, now = Date.now } = design;
    const { orderId, attempt, headers } = call;
    const operation = toFaultName(call.operation.name, name);
    const baggage = readCarried({ orderId, ...headers }, design);
    const fault = await findFault(flags, { operation, orderId, attempt, baggage, now: now() });
    if (fault === undefined) return { answer: await call.proceed() };
    const note = () => {
      log.warn({ fault: fault.kind, operation, orderId, attempt }, 'broken on purpose');
      metrics?.countFault(operation, fault.kind);
      markSpan({
        'baton.fault': `${operation}:${fault.kind}`,
        'baton.fault.settings': describeSettings(fault),
      });
    };
    // Before it happens, since a crash leaves no time afterwards. Whether it declined, the fence decides.
    if (fault.kind !== 'decline') note();
    const delivery = mark(await act(fault, call, tools), fault);
    if (fault.kind === 'decline' && delivery?.answer.headers[faultHeader]) note();
    return delivery;
  };

/** A crash takes its count with it. */
const countableKinds = faultKinds.filter((kind) => kind !== 'crash');

function beginCounts({ metrics, name }: SaboteurDesign): void {
  const prefix = findParticipant(name)?.faultPrefix;
  const own = faultableOperations.filter((operation) => operation.startsWith(`${prefix}.`));
  for (const operation of own)
    for (const kind of countableKinds) metrics?.countFault(operation, kind, 0);
}

export async function createSaboteur(design: SaboteurDesign): Promise<Saboteur> {
  beginCounts(design);
  const flags = await openFlags(design);
  const closing = new AbortController();
  const tools = createTools(closing.signal, design.log, design.crash ?? killProcess);
  const intercept = createIntercept(flags, tools, design);
  return {
    // A call that waits when the process ends is cut, not done.
    intercept: (call) =>
      intercept(call).catch((error) => {
        if (closing.signal.aborted) return null;
        throw error;
      }),
    close: async () => closing.abort(),
  };
}
