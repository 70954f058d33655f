/**
 * Checks a participant, in any language, against the protocol. It drives it from the participant's
 * own OpenAPI document, places test effects under orders of its own, and undoes what can be undone.
 * Run it against a participant that is otherwise quiet: it compares what reads say before and after.
 */
import { findSteadyReads } from './books.ts';
import { type Description, type Effect, readDescription } from './description.ts';
import { tellDone, tellDuplicates, tellRace, tellRefusal, tellTombstone } from './fence-stories.ts';
import { type Finding, ok } from './finding.ts';
import { createOrder, type Order } from './order-request.ts';
import { tellBadBodies, tellBadKeys, tellWrongMethod } from './request-stories.ts';
import { checkService } from './service-checks.ts';
import { type Story, type Subject, undo } from './subject.ts';
import { createWire, readJson, type Wire } from './wire.ts';

export class Unreachable extends Error {}

const stories: readonly Story[] = [
  tellDone,
  tellTombstone,
  tellRefusal,
  tellDuplicates,
  tellRace,
  tellBadKeys,
  tellBadBodies,
  tellWrongMethod,
];

/** An undo is safe to repeat, so every order is undone, whatever its story did. */
async function cleanUp(subject: Subject, orders: readonly Order[]): Promise<Finding> {
  const left: string[] = [];
  for (const order of orders) {
    if (!ok(order).fits(await undo(subject, order))) left.push(order.id);
  }
  return {
    operation: subject.effect.name,
    check: 'clean-up',
    sent: `POST ${subject.effect.undo?.path} for each of ${orders.length} orders`,
    expected: '200 for each',
    came: left.length === 0 ? '200 for each' : `not undone: ${left.join(', ')}`,
    passed: left.length === 0,
  };
}

async function* checkEffect(
  wire: Wire,
  reads: readonly string[],
  effect: Effect,
): AsyncGenerator<Finding> {
  const orders: Order[] = [];
  const newOrder = (): Order => {
    const order = createOrder(orders.length, effect.bodies[0]);
    orders.push(order);
    return order;
  };
  const subject = { effect, wire, reads, newOrder };
  for (const tell of stories) yield* tell(subject);
  if (effect.undo !== undefined) yield await cleanUp(subject, orders);
}

const toDocumentFinding = (problems: readonly string[]): Finding => ({
  operation: 'service',
  check: 'the document says enough to be driven by',
  sent: 'GET /openapi.json',
  expected: 'OpenAPI 3.1 with x-baton-effect and request examples',
  came: problems.length === 0 ? 'it does' : problems.join('; '),
  passed: problems.length === 0,
});

async function* checkDescription(wire: Wire, description: Description): AsyncGenerator<Finding> {
  const reads = await findSteadyReads(wire, description.reads);
  for (const effect of description.effects) yield* checkEffect(wire, reads, effect);
}

/** Throws Unreachable when nothing answers at all. */
export async function* checkParticipant(url: string): AsyncGenerator<Finding> {
  const wire = createWire(url);
  const document = await wire({ method: 'GET', path: '/openapi.json' });
  if (document.status === 0) throw new Unreachable(`Nothing answers at ${url}: ${document.text}`);
  const read = readDescription(readJson(document.text));
  yield toDocumentFinding(read.ok ? [] : read.problems);
  yield* checkService(wire);
  if (read.ok) yield* checkDescription(wire, read.description);
}
