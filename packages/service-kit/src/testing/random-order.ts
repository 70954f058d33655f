/** Requests of a few orders in any order, with repeats: whatever happens, the books must be right. */
import {
  type EffectOperation,
  type FencedOperation,
  keyHeader,
  type UndoOperation,
} from '@baton/contracts';
import fc from 'fast-check';
import { expect } from 'vitest';
import type { HttpAnswer } from '../answer.ts';
import type { Participant } from '../participant.ts';
import { isStream } from '../route.ts';

export interface RandomOrderSuite<B extends object> {
  readonly effect: EffectOperation;
  readonly undo: UndoOperation;
  /** Without the order id, which is added. */
  readonly body: fc.Arbitrary<B>;
  readonly create: () => Participant;
  /** Called after every request with the bodies of the effects that stand. */
  readonly expectBooks: (participant: Participant, standing: readonly B[]) => void;
}

const orders = 4;

async function post(
  { routes }: Participant,
  operation: FencedOperation,
  orderId: string,
  body: object,
): Promise<HttpAnswer> {
  const route = routes.find((r) => r.operation.name === operation.name);
  const answer = await route?.respond({
    headers: { [keyHeader]: `${orderId}:step` },
    params: {},
    query: {},
    body: { orderId, ...body },
    signal: new AbortController().signal,
  });
  if (answer === undefined || isStream(answer)) throw new Error(`${operation.name} has no answer`);
  return answer;
}

/** What stands is what was answered with 200 and not undone since; after an undo nothing may. */
function createBook<B>() {
  const standing = new Map<string, B>();
  const undone = new Set<string>();
  return {
    standing: () => [...standing.values()],
    noteForward: (orderId: string, body: B, status: number) => {
      expect([200, 409, 422]).toContain(status);
      if (status !== 200) return;
      expect(undone).not.toContain(orderId);
      standing.set(orderId, standing.get(orderId) ?? body);
    },
    noteUndo: (orderId: string, status: number) => {
      expect(status).toBe(200);
      undone.add(orderId);
      standing.delete(orderId);
    },
  };
}

export function checkRandomOrder<B extends object>(suite: RandomOrderSuite<B>): Promise<void> {
  const request = fc.record({
    order: fc.nat(orders - 1).map((n) => `ord_${n}`),
    isUndo: fc.boolean(),
    // An order's own few bodies, so that some repeats are true ones.
    body: suite.body,
  });
  const property = fc.asyncProperty(
    fc.array(request, { maxLength: 24 }),
    fc.boolean(),
    async (requests, repeats) => {
      const participant = suite.create();
      const book = createBook<B>();
      for (const { order, isUndo, body } of repeats ? [...requests, ...requests] : requests) {
        if (isUndo) book.noteUndo(order, (await post(participant, suite.undo, order, {})).status);
        else {
          const { status } = await post(participant, suite.effect, order, body);
          book.noteForward(order, body, status);
        }
        suite.expectBooks(participant, book.standing());
      }
      participant.close();
    },
  );
  return fc.assert(property, { numRuns: 60 });
}
