/** One effect of one participant under test, and what stories about it share. */
import { type Books, listChanged, readBooks } from './books.ts';
import type { Effect } from './description.ts';
import { type Expectation, type Finding, judge } from './finding.ts';
import { type Order, toText } from './order-request.ts';
import type { Answer, Message, Wire } from './wire.ts';

export interface Subject {
  readonly effect: Effect;
  readonly wire: Wire;
  /** Reads that change only when something was done. */
  readonly reads: readonly string[];
  /** Notes the order, so that its effects are undone at the end. */
  readonly newOrder: () => Order;
}
export type Story = (subject: Subject) => AsyncGenerator<Finding>;

export const forward = (
  { wire, effect }: Subject,
  order: Order,
  text = toText(effect.bodies, order),
): Promise<Answer> => wire({ method: 'POST', path: effect.path, key: order.key, text });

export function undo({ wire, effect }: Subject, order: Order): Promise<Answer> {
  const { path, bodies } = effect.undo ?? effect;
  return wire({ method: 'POST', path, key: order.key, text: toText(bodies, order) });
}

/** `check(name, what was sent, what should come, what came)` */
export const createCheck =
  ({ effect }: Subject) =>
  (check: string, sent: string, expectation: Expectation, answer: Answer): Finding =>
    judge({ operation: effect.name, check, sent }, expectation, answer);

export const send = ({ wire, effect }: Subject, message: Partial<Message>): Promise<Answer> =>
  wire({ method: 'POST', path: effect.path, ...message });

export const look = ({ wire, reads }: Subject): Promise<Books> => readBooks(wire, reads);

/** Compares the participant's reads with the earlier ones. */
export async function checkUnchanged(
  subject: Subject,
  check: string,
  before: Books,
): Promise<Finding> {
  const changed = listChanged(before, await look(subject));
  return {
    operation: subject.effect.name,
    check,
    sent:
      subject.reads.map((path) => `GET ${path}`).join(', ') || 'nothing: it has no steady reads',
    expected: 'what it said before',
    came: changed.length === 0 ? 'the same' : `changes in ${changed.join(', ')}`,
    passed: changed.length === 0,
  };
}
