/** A small participant in memory, written without the service kit, that can be made wrong. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Defect, Trait } from './defect.ts';

export interface Reply {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}
export interface SeatsRequest {
  readonly key: string;
  readonly orderId: string;
  readonly text: string;
  /** Undefined when the body breaks the contract. */
  readonly seats: number | undefined;
}
export type Has = (...traits: readonly Trait[]) => boolean;

interface Row {
  state: 'DONE' | 'REFUSED' | 'UNDONE' | 'TOMBSTONE';
  readonly text: string;
  readonly reply: Reply;
  readonly seats: number;
}

const unlucky = 13;
/** Longer than the checker waits between a request and its undo. */
const workMs = 20;
/** Defects that show only while another request arrives. */
const slow = [
  'looks and writes apart',
  'writes over a tombstone',
  'locks its row while working',
  'is torn between both directions',
  'holds for each duplicate',
] as const satisfies readonly Defect[];

export const toProblem = (status: number, code: string, orderId?: string): Reply => ({
  status,
  body: {
    type: `urn:example:${code}`,
    title: code,
    status,
    code,
    ...(orderId === undefined ? {} : { orderId }),
  },
});

export class Seats {
  readonly #has: Has;
  readonly #rows = new Map<string, Row>();
  readonly #working = new Set<string>();
  #taken = 0;
  #replies = 0;

  constructor(has: Has) {
    this.#has = has;
  }

  get taken(): number {
    return this.#taken;
  }

  async forward(request: SeatsRequest): Promise<Reply> {
    const { key } = request;
    const before = this.#rows.get(key);
    if (this.#working.has(key) && this.#has('holds for each duplicate')) this.#taken += 1;
    if (this.#has(...slow)) await this.#work(key);
    const now = this.#rows.get(key);
    if (now !== before && this.#has('is torn between both directions')) {
      return toProblem(500, 'internal-error');
    }
    const isStale = this.#has('looks and writes apart', 'writes over a tombstone');
    return this.#decide(isStale ? before : now, request);
  }

  async #work(key: string): Promise<void> {
    this.#working.add(key);
    await delay(workMs);
    this.#working.delete(key);
  }

  undo(request: SeatsRequest): Reply {
    const row = this.#rows.get(request.key);
    if (this.#has('locks its row while working') && this.#working.has(request.key)) {
      return toProblem(409, 'locked', request.orderId);
    }
    if (row === undefined) return this.#undoNothing(request);
    switch (row.state) {
      case 'DONE':
        return this.#undoDone(row, request);
      case 'REFUSED':
        return this.#undoRefused(request);
      default:
        return this.#undoAgain(row, request);
    }
  }

  #decide(row: Row | undefined, request: SeatsRequest): Reply {
    if (request.seats === undefined && this.#has('judges the body before the key')) {
      return toProblem(400, 'bad-request');
    }
    if (row === undefined) return this.#take(request);
    switch (row.state) {
      case 'DONE':
      case 'REFUSED':
        return this.#replay(row, request);
      default:
        return this.#fence(row, request);
    }
  }

  #take(request: SeatsRequest): Reply {
    const { key, text, seats } = request;
    if (seats === undefined && !this.#has('judges no body')) return this.#reject(request);
    if (seats === unlucky) return this.#refuse(request);
    const reply = this.#toReply(request);
    this.#taken += seats ?? 1;
    this.#rows.set(key, { state: 'DONE', text, reply, seats: seats ?? 1 });
    return reply;
  }

  #reject({ key, text }: SeatsRequest): Reply {
    const reply = toProblem(400, 'bad-request');
    if (this.#has('holds for bad requests')) this.#taken += 1;
    if (this.#has('stores bad requests')) {
      this.#rows.set(key, { state: 'REFUSED', text, reply, seats: 0 });
    }
    return reply;
  }

  #refuse({ key, orderId, text }: SeatsRequest): Reply {
    if (this.#has('holds though refused')) this.#taken += 1;
    const reply = toProblem(
      409,
      'unlucky',
      this.#has('refuses without the order id') ? undefined : orderId,
    );
    if (!this.#has('forgets refusals')) {
      this.#rows.set(key, { state: 'REFUSED', text, reply, seats: 0 });
    }
    return reply;
  }

  #toReply({ orderId }: SeatsRequest): Reply {
    this.#replies += 1;
    const holdId = this.#has('answers off its document') ? this.#replies : `h${this.#replies}`;
    const named = this.#has('names another order') ? 'ord_other' : orderId;
    return { status: 200, body: { orderId: named, holdId } };
  }

  #replay(row: Row, request: SeatsRequest): Reply {
    if (row.text !== request.text) return this.#reuse(row, request);
    if (row.state === 'REFUSED') {
      if (!this.#has('decides refusals anew')) return row.reply;
      return { ...row.reply, body: { ...row.reply.body, detail: 'again' } };
    }
    if (this.#has('does it again on a replay')) return this.#take(request);
    if (this.#has('holds again on a replay')) this.#taken += row.seats;
    return row.reply;
  }

  #reuse(row: Row, { orderId }: SeatsRequest): Reply {
    if (this.#has('holds for a reused key')) this.#taken += 1;
    return this.#has('takes any body for a replay')
      ? row.reply
      : toProblem(422, 'key-reused', orderId);
  }

  #fence(row: Row, request: SeatsRequest): Reply {
    const isUndone = row.state === 'UNDONE';
    if (isUndone && this.#has('forgets what was undone')) return this.#take(request);
    if (isUndone && this.#has('holds though fenced')) this.#taken += 1;
    if (!isUndone && this.#has('holds though there is a tombstone')) this.#taken += 1;
    if (!isUndone && this.#has('keeps a tombstone for one late request')) {
      this.#rows.delete(request.key);
    }
    return toProblem(409, 'fenced', request.orderId);
  }

  #undoNothing({ key, orderId, text }: SeatsRequest): Reply {
    if (this.#has('knows no order to undo')) return toProblem(404, 'not-found', orderId);
    const reply = { status: 200, body: { orderId } };
    if (!this.#has('keeps no tombstone')) {
      this.#rows.set(key, { state: 'TOMBSTONE', text, reply, seats: 0 });
    }
    return reply;
  }

  #undoDone(row: Row, { orderId }: SeatsRequest): Reply {
    if (this.#has('cannot undo')) return toProblem(500, 'internal-error');
    row.state = 'UNDONE';
    this.#taken -= row.seats;
    return { status: 200, body: { orderId } };
  }

  #undoRefused({ key, orderId }: SeatsRequest): Reply {
    if (this.#has('cannot undo a refusal')) return toProblem(409, 'refused', orderId);
    if (this.#has('deletes a refusal when undone')) this.#rows.delete(key);
    return { status: 200, body: { orderId } };
  }

  #undoAgain(row: Row, { orderId }: SeatsRequest): Reply {
    if (this.#has('gives back twice')) this.#taken -= row.seats;
    return this.#has('undoes only once', 'fails to clean up')
      ? toProblem(409, 'already-undone', orderId)
      : { status: 200, body: { orderId } };
  }
}
