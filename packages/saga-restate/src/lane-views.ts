/** How this replica sees the lanes: each is asked for at most so often, since many look at them. */
import type { Clock, Saga } from '@baton/saga';
import { toWays } from '@baton/saga/core/saga';
import type { Lane } from '@baton/saga/run/lane';
import type { BreakerView } from './breaker-state.ts';
import type { Call } from './ingress.ts';
import type { LaneView } from './lane-state.ts';
import { countLanes, nameLane } from './partition.ts';
import { breaker, lane } from './services.ts';

type Seen = Pick<Lane<never>, 'look' | 'healedAt' | 'view'> & { readonly waiting: number };
interface LaneViewsOptions {
  readonly sagas: readonly Saga<unknown>[];
  readonly clock: Clock;
  readonly callsMax: number;
  readonly call: Call;
}

/** In milliseconds: what is shown may be so old. */
const freshMs = 500;

export class LaneViews {
  readonly #names: readonly string[];
  readonly #options: LaneViewsOptions;
  #seen: ReadonlyMap<string, Seen> = new Map();
  #asking: Promise<ReadonlyMap<string, Seen>> = Promise.resolve(this.#seen);
  #askedAt = 0;

  constructor(options: LaneViewsOptions) {
    const ways = options.sagas.flatMap(({ plan }) => plan.flatMap(toWays));
    this.#names = [...new Set(ways.map(({ participant }) => participant))];
    this.#options = options;
  }

  /** Of those that were called so far; as they were seen last, where the cluster cannot be asked. */
  all(): Promise<ReadonlyMap<string, Seen>> {
    const now = this.#options.clock.now();
    if (now - this.#askedAt > freshMs) {
      this.#askedAt = now;
      this.#asking = this.#fetchAll().catch(() => this.#seen);
    }
    return this.#asking;
  }

  async #fetchAll(): Promise<ReadonlyMap<string, Seen>> {
    const asked = this.#names.map(async (name) => [name, await this.#ask(name)] as const);
    const found = await Promise.all(asked);
    this.#seen = new Map(found.flatMap(([name, seen]) => (seen ? [[name, seen] as const] : [])));
    return this.#seen;
  }

  async #ask(name: string): Promise<Seen | null> {
    const { callsMax, clock, call } = this.#options;
    const lanes = Array.from({ length: countLanes(callsMax) }, (_, index) =>
      call((ingress, opts) => ingress.objectClient(lane, nameLane(name, index)).view(opts)),
    );
    const asked = call((ingress, opts) => ingress.objectClient(breaker, name).view(opts));
    const [known, ...found] = await Promise.all([asked, ...lanes]);
    const views = found.filter((view) => view !== null);
    return views.length > 0 ? toSeen(known, views, { callsMax, clock }) : null;
  }
}

function toSeen(
  { healedAt, ...known }: BreakerView,
  lanes: readonly LaneView[],
  { callsMax, clock }: Pick<LaneViewsOptions, 'callsMax' | 'clock'>,
): Seen {
  const sum = (read: (view: LaneView) => number) =>
    lanes.reduce((total, view) => total + read(view), 0);
  const view = { ...known, inFlight: sum(({ inFlight }) => inFlight), callsMax };
  const isShut = view.breaker !== 'closed' && (view.nextTryAt ?? 0) > clock.now();
  return {
    healedAt,
    waiting: sum(({ waiting }) => waiting),
    view: () => view,
    look() {
      if (isShut) return 'open';
      return view.inFlight >= callsMax ? 'full' : null;
    },
  };
}
