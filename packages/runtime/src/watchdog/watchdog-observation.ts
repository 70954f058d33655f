/** What the watchdog is shown at one moment. Times are milliseconds since the epoch. */

export interface ObservedBreaker {
  readonly participant: string;
  readonly isOpen: boolean;
  /** Open, but no order waits any more and the participant answers: the next order would close it. */
  readonly isIdle: boolean;
  /** What the last call that failed ended with; null for none since the start. */
  readonly lastCode: string | null;
  readonly nextTryAt: number | null;
  readonly parked: number;
}

export interface ObservedOrder {
  readonly id: string;
  readonly acceptedAt: number;
  /** In words: what it waits for. */
  readonly waitsFor: string;
  /** In words, after a comma: how many tries, their last end, and when the next one is. Empty for a quarantined order. */
  readonly nextTry: string;
  /** Steps that an operator can write off as things stand. */
  readonly skippable: readonly string[];
  readonly cancellable: boolean;
  /** Tries on its own; false for a quarantined order. */
  readonly goesOn: boolean;
  /** How often the watchdog requeued it. */
  readonly retries: number;
}

/** Orders of one kind: the oldest, and how many there are. */
export interface ObservedOrders {
  readonly orders: readonly ObservedOrder[];
  readonly count: number;
  /** Counting ended at `count`. */
  readonly isMore: boolean;
}

/** What the latest audit said. */
export interface ObservedBooks {
  readonly at: number;
  /** In words; none: the books balance. */
  readonly differences: readonly string[];
  /** A second audit, soon after the first, said so too. */
  readonly isConfirmed: boolean;
}

/** That no audit came to a verdict for a while. */
export interface ObservedGap {
  /** When the latest audit with a verdict began, or the first one was awaited. */
  readonly since: number;
  /** In words: what the latest audit failed for. */
  readonly why: string;
}

export interface Observation {
  readonly at: number;
  /** What a run is called: `order`, `orders`. */
  readonly words: { readonly noun: string; readonly plural: string };
  readonly breakers: readonly ObservedBreaker[];
  readonly overdue: ObservedOrders & { readonly olderThanMs: number };
  readonly stuck: ObservedOrders;
  readonly queue: { readonly open: number; readonly openMax: number };
  /** Since when no standby waits; null while one waits, or where there never was one. */
  readonly standbyMissingSince: number | null;
  /** Participants whose data was replaced since the last observation. */
  readonly changed: readonly string[];
  /** Null until there was an audit. */
  readonly books: ObservedBooks | null;
  /** Null while audits come to a verdict. */
  readonly unaudited: ObservedGap | null;
  /** How an order ended, in words; undefined while it is open. */
  readonly endOf: (id: string) => string | undefined;
}
