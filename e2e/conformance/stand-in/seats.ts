/** A small participant in memory, written without the service kit, that can be made wrong. */
import { setImmediate } from 'node:timers/promises';
import type { Defect } from './defect.ts';

export interface Reply {
  readonly status: number;
  readonly body: unknown;
}
interface Row {
  state: 'DONE' | 'REFUSED' | 'UNDONE' | 'TOMBSTONE';
  readonly text: string;
  readonly reply: Reply;
  readonly seats: number;
}
export interface Request {
  readonly key: string;
  readonly orderId: string;
  readonly text: string;
  /** Undefined when the body breaks the contract. */
  readonly seats: number | undefined;
}
export type Has = (defect: Defect) => boolean;

const UNLUCKY = 13;

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

export const createSeats = (has: Has) => {
  const rows = new Map<string, Row>();
  let taken = 0;
  let replies = 0;

  const toReply = ({ orderId }: Request): Reply => {
    replies += 1;
    const holdId = has('answers off its document') ? replies : `hold_${replies}`;
    return {
      status: 200,
      body: { orderId: has('names another order') ? 'ord_other' : orderId, holdId },
    };
  };

  const refuse = (request: Request): Reply => {
    if (has('holds though refused')) taken += UNLUCKY;
    const orderId = has('refuses without the order id') ? undefined : request.orderId;
    const reply = toProblem(409, 'unlucky', orderId);
    if (!has('forgets refusals')) {
      rows.set(request.key, { state: 'REFUSED', text: request.text, reply, seats: 0 });
    }
    return reply;
  };

  const take = (request: Request): Reply => {
    const { key, text, seats } = request;
    if (seats === undefined && !has('judges no body')) {
      const reply = toProblem(400, 'bad-request');
      if (has('holds for bad requests')) taken += 1;
      if (has('stores bad requests')) rows.set(key, { state: 'DONE', text, reply, seats: 0 });
      return reply;
    }
    if (seats === UNLUCKY) return refuse(request);
    const reply = toReply(request);
    taken += seats ?? 1;
    rows.set(key, { state: 'DONE', text, reply, seats: seats ?? 1 });
    return reply;
  };

  const takeOnReuse = (row: Row, { orderId }: Request): Reply => {
    if (has('holds for a reused key')) taken += 1;
    if (has('takes any body for a replay')) return row.reply;
    return toProblem(422, 'key-reused', orderId);
  };

  const replay = (row: Row, request: Request): Reply => {
    if (row.text !== request.text) return takeOnReuse(row, request);
    if (row.state === 'REFUSED') {
      return has('decides refusals anew') ? { ...row.reply, body: { again: true } } : row.reply;
    }
    if (has('does it again on a replay')) return take(request);
    if (has('holds again on a replay')) taken += row.seats;
    return row.reply;
  };

  const replyFenced = (row: Row, request: Request): Reply => {
    if (row.state === 'UNDONE' && has('forgets what was undone')) return take(request);
    if (row.state === 'UNDONE' && has('holds though fenced')) taken += 1;
    if (row.state === 'TOMBSTONE' && has('holds though there is a tombstone')) taken += 1;
    if (row.state === 'TOMBSTONE' && has('keeps a tombstone for one late request')) {
      rows.delete(request.key);
    }
    return toProblem(409, 'fenced', request.orderId);
  };

  const decide = (row: Row | undefined, request: Request): Reply => {
    if (request.seats === undefined && has('judges the body before the key')) {
      return toProblem(400, 'bad-request');
    }
    if (row === undefined) return take(request);
    const isOver = row.state === 'UNDONE' || row.state === 'TOMBSTONE';
    return isOver ? replyFenced(row, request) : replay(row, request);
  };

  const working = new Set<string>();

  const forward = async (request: Request): Promise<Reply> => {
    const row = rows.get(request.key);
    working.add(request.key);
    const pauses = has('looks and writes apart') || has('writes over a tombstone');
    if (pauses || has('locks its row while working')) for (let i = 0; i < 50; i += 1) await setImmediate();
    working.delete(request.key);
    const now = has('looks and writes apart') || has('writes over a tombstone') ? row : rows.get(request.key);
    return decide(now, request);
  };

  const undoDone = (row: Row, { orderId }: Request): Reply => {
    if (has('cannot undo')) return toProblem(500, 'internal-error');
    row.state = 'UNDONE';
    taken -= row.seats;
    return { status: 200, body: { orderId } };
  };

  const undoNothing = (request: Request): Reply => {
    const { key, orderId, text } = request;
    if (has('knows no order to undo')) return toProblem(404, 'not-found');
    const reply = { status: 200, body: { orderId } };
    if (!has('keeps no tombstone')) rows.set(key, { state: 'TOMBSTONE', text, reply, seats: 0 });
    return reply;
  };

  const undoRefused = ({ key, orderId }: Request): Reply => {
    if (has('cannot undo a refusal')) return toProblem(409, 'refused', orderId);
    if (has('deletes a refusal when undone')) rows.delete(key);
    return { status: 200, body: { orderId } };
  };

  const undoAgain = (row: Row, { orderId }: Request): Reply => {
    if (has('gives back twice')) taken -= row.seats;
    return has('undoes only once') || has('fails to clean up')
      ? toProblem(409, 'already-undone', orderId)
      : { status: 200, body: { orderId } };
  };

  const undo = (request: Request): Reply => {
    if (has('locks its row while working') && working.has(request.key)) {
      return toProblem(409, 'locked', request.orderId);
    }
    const row = rows.get(request.key);
    switch (row?.state) {
      case undefined:
        return undoNothing(request);
      case 'DONE':
        return undoDone(row, request);
      case 'REFUSED':
        return undoRefused(request);
      default:
        return undoAgain(row, request);
    }
  };

  return { forward, undo, count: () => ({ taken }) };
};
