/**
 * The fence's whole table against one effect of a real participant, over HTTP: for each row that a
 * key can have and each request that can arrive, the answer, and what the business tables say then.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type EffectOperation,
  type FencedOperation,
  incarnationHeader,
  keyHeader,
  type UndoOperation,
} from '@baton/contracts';
import request, { type Response } from 'supertest';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { dumpTables, type TestedParticipant } from './surroundings.ts';

type Body = Readonly<Record<string, unknown>>;

export interface FenceSuite {
  readonly effect: EffectOperation;
  readonly undo?: UndoOperation;
  /** Without `orderId`, which is added where the contract takes it. */
  readonly body: Body;
  /** As good as `body`, and different. */
  readonly otherBody: Body;
  /** Whatever the business always refuses, if anything. */
  readonly refusal?: { readonly code: string; readonly body: Body };
  /** At a fixed time, so that equal stories leave equal rows. */
  readonly create: (path: string) => TestedParticipant | Promise<TestedParticipant>;
}

const runId = 'ord_fence';
const firstKey = `${runId}:step`;

type Arrival = 'forward' | 'other body' | 'broken body' | 'refused body' | 'undo';
type Row = 'none' | 'DONE' | 'REFUSED' | 'REFUSED, undo asked' | 'UNDONE' | 'TOMBSTONE';

interface Case {
  readonly row: Row;
  readonly arrives: Arrival;
  readonly status: number;
  readonly code?: string;
  /** The same bytes as when the row was made. */
  readonly replays?: true;
  readonly changes?: true;
}

/** How a key gets its row. */
const paths: Readonly<Record<Row, readonly Arrival[]>> = {
  none: [],
  DONE: ['forward'],
  REFUSED: ['refused body'],
  'REFUSED, undo asked': ['refused body', 'undo'],
  UNDONE: ['forward', 'undo'],
  TOMBSTONE: ['undo'],
};

const toCases = (refusalCode: string): readonly Case[] => [
  { row: 'none', arrives: 'forward', status: 200, changes: true },
  { row: 'none', arrives: 'refused body', status: 409, code: refusalCode },
  { row: 'none', arrives: 'broken body', status: 400, code: 'bad-request' },
  { row: 'none', arrives: 'undo', status: 200 },
  { row: 'DONE', arrives: 'forward', status: 200, replays: true },
  { row: 'DONE', arrives: 'other body', status: 422, code: 'key-reused' },
  // 422, not 400: the row is read before the body is judged.
  { row: 'DONE', arrives: 'broken body', status: 422, code: 'key-reused' },
  { row: 'DONE', arrives: 'undo', status: 200, changes: true },
  { row: 'REFUSED', arrives: 'refused body', status: 409, code: refusalCode, replays: true },
  { row: 'REFUSED', arrives: 'forward', status: 422, code: 'key-reused' },
  { row: 'REFUSED', arrives: 'undo', status: 200 },
  { row: 'REFUSED, undo asked', arrives: 'refused body', status: 409, code: refusalCode },
  { row: 'REFUSED, undo asked', arrives: 'forward', status: 422, code: 'key-reused' },
  { row: 'REFUSED, undo asked', arrives: 'undo', status: 200, replays: true },
  { row: 'UNDONE', arrives: 'forward', status: 409, code: 'fenced' },
  { row: 'UNDONE', arrives: 'other body', status: 409, code: 'fenced' },
  { row: 'UNDONE', arrives: 'undo', status: 200, replays: true },
  { row: 'TOMBSTONE', arrives: 'forward', status: 409, code: 'fenced' },
  { row: 'TOMBSTONE', arrives: 'broken body', status: 409, code: 'fenced' },
  { row: 'TOMBSTONE', arrives: 'undo', status: 200, replays: true },
];

function isPossible({ undo, refusal }: FenceSuite, { row, arrives }: Case): boolean {
  const arrivals = [...paths[row], arrives];
  return (
    (undo !== undefined || !arrivals.includes('undo')) &&
    (refusal !== undefined || !arrivals.includes('refused body'))
  );
}

function toRequest(
  { effect, undo, body, otherBody, refusal }: FenceSuite,
  arrival: Arrival,
): { readonly operation: FencedOperation; readonly body: Body } {
  switch (arrival) {
    case 'forward':
      return { operation: effect, body };
    case 'other body':
      return { operation: effect, body: otherBody };
    case 'broken body':
      return { operation: effect, body: {} };
    case 'refused body':
      return { operation: effect, body: refusal?.body ?? {} };
    case 'undo':
      return { operation: undo ?? effect, body: {} };
    default:
      return arrival satisfies never;
  }
}

const createSender = (suite: FenceSuite, participant: TestedParticipant) => (arrival: Arrival) => {
  const { operation, body } = toRequest(suite, arrival);
  const named = { orderId: runId, ...body };
  const isNamed = operation.body.safeParse(named).success;
  // Without any field, not even the order's: broken whatever the contract says.
  const sent = arrival !== 'broken body' && isNamed ? named : body;
  return request(participant.app).post(operation.path).set(keyHeader, firstKey).send(sent);
};

function expectAnswer(answer: Response, { status, code }: Case): void {
  expect(answer.status).toBe(status);
  // The key names the run; a body need not.
  expect(answer.headers[keyHeader]).toBe(firstKey);
  expect(answer.body.orderId ?? runId).toBe(runId);
  expect(answer.body.code).toBe(code);
}

const fencesOf = ({ store }: TestedParticipant): unknown =>
  store.db.prepare('SELECT key, state FROM fence').all();

export function describeFence(suite: FenceSuite): void {
  describe(`the fence of ${suite.effect.name}`, () => {
    let folder: string;
    let participant: TestedParticipant;

    beforeEach(async () => {
      folder = mkdtempSync(join(tmpdir(), 'baton-fence-'));
      participant = await suite.create(join(folder, 'participant.sqlite'));
    });
    afterEach(async () => {
      await participant.close();
      rmSync(folder, { recursive: true });
    });

    const cases = toCases(suite.refusal?.code ?? '').filter((c) => isPossible(suite, c));
    it.each(cases)('$row, then $arrives: $status $code', async (expected) => {
      const send = createSender(suite, participant);
      let previous: Response | undefined;
      for (const arrival of paths[expected.row]) previous = await send(arrival);
      const before = dumpTables(participant.store);

      const answer = await send(expected.arrives);

      expectAnswer(answer, expected);
      if (expected.replays) expect(answer.text).toBe(previous?.text);
      if (expected.changes) expect(dumpTables(participant.store)).not.toEqual(before);
      else expect(dumpTables(participant.store)).toEqual(before);
    });

    it('keeps no row for a body that breaks the contract', async () => {
      const send = createSender(suite, participant);
      await send('broken body');
      expect(fencesOf(participant)).toEqual([]);
      expect((await send('forward')).status).toBe(200);
    });

    it('does one effect for duplicates that arrive together', async () => {
      const alone = await suite.create(':memory:');
      await createSender(suite, alone)('forward');
      const send = createSender(suite, participant);

      const answers = await Promise.all(Array.from({ length: 8 }, () => send('forward')));

      expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
      expect(dumpTables(participant.store)).toEqual(dumpTables(alone.store));
      await alone.close();
    });

    it('remembers everything when its file is opened again', async () => {
      const first = await createSender(suite, participant)('forward');
      const { incarnation } = participant.store;
      const rows = dumpTables(participant.store);
      await participant.close();

      participant = await suite.create(participant.store.path);

      const again = await createSender(suite, participant)('forward');
      expect(again.text).toBe(first.text);
      expect(again.headers[incarnationHeader]).toBe(incarnation);
      expect(dumpTables(participant.store)).toEqual(rows);
    });
  });
}
