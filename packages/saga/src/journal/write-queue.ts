/**
 * Writes that wait for their commit. Writes that arrive together share one transaction, in their order. A full disk has
 * stored none of them, and says so, unlike a failed flush: they are tried again until there is room.
 */

/** How often a full disk is tried. */
const roomTriedMs = 1_000;

interface Pending {
  readonly write: () => number;
  readonly resolve: (position: number) => void;
}

export class WriteQueue {
  hasRoom = true;
  readonly #store: (work: () => number[]) => number[] | undefined;
  readonly #onRoom: (hasRoom: boolean) => void;
  readonly #pending: Pending[] = [];
  #timer: NodeJS.Timeout | undefined;
  #isStopped = false;

  /** `store` commits all or nothing; undefined for nothing. */
  constructor(
    store: (work: () => number[]) => number[] | undefined,
    onRoom: (hasRoom: boolean) => void,
  ) {
    this.#store = store;
    this.#onRoom = onRoom;
  }

  /** Resolves once it is committed. */
  add(write: () => number): Promise<number> {
    return new Promise((resolve) => {
      const isFirst = this.#pending.push({ write, resolve }) === 1;
      if (isFirst && this.hasRoom) setImmediate(() => this.flush());
    });
  }

  flush(): void {
    if (this.#isStopped || this.#pending.length === 0) return;
    const positions = this.#store(() => this.#pending.map(({ write }) => write()));
    if (!positions) return;
    const written = this.#pending.splice(0, positions.length);
    // What hears of a commit may write something in turn.
    if (this.#pending.length > 0) setImmediate(() => this.flush());
    this.#setRoom(true);
    for (const [index, position] of positions.entries()) written[index]?.resolve(position);
  }

  /** To be called whenever the disk was found to be full. */
  waitForRoom(): void {
    // A write must be tried, also where none waits.
    if (this.#pending.length === 0) void this.add(() => 0);
    this.#setRoom(false);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.flush(), roomTriedMs);
  }

  /** Writes that still wait are lost as in a crash: nobody was told of them. */
  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
  }

  #setRoom(hasRoom: boolean): void {
    if (this.hasRoom === hasRoom) return;
    this.hasRoom = hasRoom;
    this.#onRoom(hasRoom);
  }
}
