/**
 * A run as a virtual object, keyed by its id: its events, what was submitted, its secrets. One handler at a time writes;
 * readers wait for nobody.
 */
import {
  type Cancellation,
  type Event,
  type Happening,
  type Intervention,
  isPastPivot,
  isSettled,
  type RunState,
  replay,
  type Saga,
  type Submission,
} from '@baton/saga';
import { decide, findRepairs } from '@baton/saga/core/decide';
import { extend } from '@baton/saga/core/history';
import { findSaga } from '@baton/saga/core/saga';
import { toRetry, toSkip, type Wish } from '@baton/saga/embedded/intervention';
import { Run, readState } from '@baton/saga/run/run';
import { type ObjectContext, rpc } from '@restatedev/restate-sdk';
import { findBuffer } from './buffer-object.ts';
import { type DriveOptions, drive } from './drive.ts';
import { findLane } from './partition.ts';
import {
  breaker,
  buffer,
  type Driven,
  lane,
  type RunHandlers,
  run,
  type Submitted,
} from './services.ts';

interface Stored {
  readonly events: readonly Event[];
  readonly secrets: Readonly<Record<string, unknown>>;
  readonly fingerprint: string;
  /** When messages of its own come, in milliseconds since the epoch. None: an earlier build stored it. */
  readonly wakesAt?: readonly number[];
}

export interface RunObjectOptions extends DriveOptions {
  readonly sagas: readonly Saga<unknown>[];
  /** Of each participant, in the whole cluster. */
  readonly callsMax: number;
  /** Another replica may know the definition: a build takes another's place. */
  readonly onForeign: () => void;
  /** One more run moves in this process, or one less. */
  readonly onMoving: (change: 1 | -1) => void;
}

export const createRunHandlers = (options: RunObjectOptions): RunHandlers => ({
  submit: (context, submitted) => submit(context, submitted, options),
  async drive(context, driven) {
    options.onMoving(1);
    try {
      await move(context, driven, options);
    } finally {
      options.onMoving(-1);
    }
  },
  /** The sweeper's: `drive` for those who come through the ingress. */
  async nudge(context, driven) {
    context.objectSendClient(run, context.key).drive(driven);
  },
  cancel: (context, reason) => cancel(context, reason, options),
  retry: (context, { reason, ...how }) =>
    intervene(context, options, (current) => toRetry(current, reason, how)),
  skip: (context, { step, reason }) =>
    intervene(context, options, (current) => toSkip(current, step, reason)),
  forget: (context) => forget(context, options),
  async read(context) {
    const events = (await context.get<Stored>('run'))?.events ?? [];
    return events.length > 0 ? events : null;
  },
});

/** A run that a handler has in hand: what it commits is kept and told. */
class Hand {
  readonly run: Run;
  readonly #context: ObjectContext;
  readonly #untold: Event[] = [];
  #stored: Stored;

  constructor(context: ObjectContext, current: Run, stored: Stored) {
    this.run = current;
    this.#context = context;
    this.#stored = stored;
  }

  commit(happenings: readonly Happening[], now: number): void {
    const { events, after } = extend(this.run.state, happenings, now);
    if (!after) return;
    this.run.state = after;
    // What follows from an attempt is decided on it.
    this.run.ahead = after;
    if (isSettled(after)) this.run.secrets = {};
    this.#keep({ events: [...this.#stored.events, ...events], secrets: this.run.secrets });
    this.#untold.push(...events);
  }

  /** At once what was committed since the last time. */
  tell(): void {
    const events = this.#untold.splice(0);
    if (events.length === 0) return;
    const { id } = this.run;
    const { fingerprint } = this.#stored;
    const told = { run: id, events, ...(events[0]?.seq === 1 && { fingerprint }) };
    this.#context.objectSendClient(buffer, findBuffer(id)).tell(told);
  }

  /** That message has come: by the clock of this process perhaps too early, and then it is sent again. */
  hear(wakeAt: number): void {
    const { wakesAt = [] } = this.#stored;
    if (wakesAt.includes(wakeAt)) this.#keep({ wakesAt: wakesAt.filter((at) => at !== wakeAt) });
  }

  /** A message to itself, unless one that comes no later is under way. One that comes at once need not be remembered. */
  wake(at: number, now: number): void {
    const coming = (this.#stored.wakesAt ?? []).filter((other) => other > now);
    if (coming.some((other) => other <= at)) return;
    const isLater = at > now;
    if (isLater) this.#keep({ wakesAt: [...coming, at] });
    const object = this.#context.objectSendClient(run, this.run.id);
    if (isLater) object.drive({ wakeAt: at }, rpc.sendOpts({ delay: at - now }));
    else object.drive({});
  }

  #keep(change: Partial<Stored>): void {
    this.#stored = { ...this.#stored, ...change };
    this.#context.set('run', this.#stored);
  }
}

async function submit(
  context: ObjectContext,
  { begin, secrets, fingerprint }: Submitted,
  options: RunObjectOptions,
): Promise<Submission> {
  const id = context.key;
  const before = await context.get<Stored>('run');
  if (before)
    return before.fingerprint === fingerprint
      ? { type: 'known', id, prunedAs: null }
      : { type: 'conflict', id };
  const saga = findSaga(options.sagas, { ...begin, name: begin.saga });
  if (!saga) {
    options.onForeign();
    // The cluster asks again.
    throw new Error(`${begin.saga}@${begin.version} is not registered here`);
  }
  const now = await context.run('look', () => options.clock.now());
  const stored = { events: [], secrets, fingerprint };
  const hand = new Hand(context, new Run(id, saga, { state: null, secrets }), stored);
  hand.commit([{ type: 'accepted', ...begin }], now);
  // The feed lets it begin.
  hand.tell();
  return { type: 'accepted', id };
}

async function move(
  context: ObjectContext,
  driven: Driven,
  options: RunObjectOptions,
): Promise<void> {
  const hand = await take(context, options);
  if (hand === 'foreign') comeBack(context, driven);
  if (!(hand instanceof Hand)) return;
  const { healed, wakeAt = 0 } = driven;
  hand.hear(wakeAt);
  const toLane = (participant: string) => findLane(participant, context.key, options.callsMax);
  const { until, now } = await drive(
    hand.run,
    {
      record(name, work) {
        hand.tell();
        return context.run(name, async () => work());
      },
      admit: (participant, wanted) => context.objectClient(lane, toLane(participant)).admit(wanted),
      release: (participant, ended) =>
        void context.objectSendClient(lane, toLane(participant)).release(ended),
      commit: (happenings, now) => hand.commit(happenings, now),
    },
    options,
    healed,
  );
  hand.tell();
  if (until < farMs) hand.wake(until, now);
}

/** While one build takes another's place, the next replica may know its definition; later on, the sweeper sends it around. */
function comeBack(context: ObjectContext, driven: Driven): void {
  const { strayed = 0 } = driven;
  if (strayed >= straysMax) return;
  const again = { ...driven, strayed: strayed + 1 };
  context
    .objectSendClient(run, context.key)
    .drive(again, rpc.sendOpts({ delay: 500 * 2 ** strayed }));
}

const straysMax = 7;
/** Beyond what a message may be delayed by: whoever waits so long is waked by somebody. */
const farMs = 8e15;

async function cancel(
  context: ObjectContext,
  reason: string,
  options: RunObjectOptions,
): Promise<Cancellation | 'foreign'> {
  const hand = await take(context, options);
  if (!(hand instanceof Hand)) return hand === 'unknown' ? 'unknown-run' : hand;
  const state = readState(hand.run);
  if (isSettled(state)) return 'settled';
  if (isPastPivot(hand.run.saga, state)) return 'past-the-pivot';
  if (state.phase === 'forward' && !state.cancelRequested)
    await goOn(context, hand, [{ type: 'cancel-requested', reason }], options);
  return 'cancel-requested';
}

async function intervene(
  context: ObjectContext,
  options: RunObjectOptions,
  toWish: (current: Run) => Wish,
): Promise<Intervention | 'foreign'> {
  const hand = await take(context, options);
  if (!(hand instanceof Hand)) return hand === 'unknown' ? 'unknown-run' : hand;
  const wish = toWish(hand.run);
  if (typeof wish === 'string') return wish;
  const now = await goOn(context, hand, wish, options);
  const next = decide(hand.run.saga, readState(hand.run), now);
  // The breakers that hold the run back probe at once: somebody says that it is worth a try.
  for (const { way } of next.type === 'perform' ? next.aims : [])
    context.objectSendClient(breaker, way.participant).hasten(now);
  return 'done';
}

async function goOn(
  context: ObjectContext,
  hand: Hand,
  happenings: readonly Happening[],
  { clock }: RunObjectOptions,
): Promise<number> {
  const now = await context.run('look', () => clock.now());
  hand.commit(happenings, now);
  hand.tell();
  context.objectSendClient(run, hand.run.id).drive({});
  return now;
}

/** A definition that has been retired is known to no build: its runs are forgotten all the same. */
async function forget(context: ObjectContext, { sagas }: RunObjectOptions): Promise<boolean> {
  const stored = await context.get<Stored>('run');
  if (!stored || stored.events.length === 0) return true;
  const state = replay(stored.events);
  const saga = findSaga(sagas, { ...state, name: state.saga });
  const isOwing = saga
    ? findRepairs(saga, state).length > 0
    : state.deferred.some((step) => state.ways[step]?.result !== 'ok');
  if (!isSettled(state) || isOwing) return false;
  context.set('run', { ...stored, events: [] });
  return true;
}

/** `foreign`: this build does not know its definition. */
async function take(
  context: ObjectContext,
  { sagas, onForeign }: RunObjectOptions,
): Promise<Hand | 'unknown' | 'foreign'> {
  const stored = await context.get<Stored>('run');
  // A run without events was forgotten.
  if (!stored || stored.events.length === 0) return 'unknown';
  const state: RunState = replay(stored.events);
  const saga = findSaga(sagas, { ...state, name: state.saga });
  if (!saga) {
    onForeign();
    return 'foreign';
  }
  return new Hand(context, new Run(context.key, saga, { state, secrets: stored.secrets }), stored);
}
