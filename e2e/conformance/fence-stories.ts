/** The fence's table, row by row, as seen from outside. Each story has orders of its own. */
import { setTimeout as delay } from 'node:timers/promises';
import { toTrace } from './books.ts';
import { either, type Finding, ok, problem, replyOf, sameAs } from './finding.ts';
import { brokenText, listOwn, type Order, toOtherText, toText } from './order-request.ts';
import {
  checkUnchanged,
  createCheck,
  forward,
  look,
  type Story,
  type Subject,
  undo,
} from './subject.ts';

const pathsOf = ({ effect }: Subject) => ({
  post: `POST ${effect.path}`,
  postUndo: `POST ${effect.undo?.path ?? ''}`,
});

async function* tellReuse(subject: Subject, order: Order): AsyncGenerator<Finding> {
  const check = createCheck(subject);
  const { post } = pathsOf(subject);
  const before = await look(subject);
  const reused = problem(422, 'key-reused', order);
  const other = await forward(subject, order, toOtherText(subject.effect.bodies, order));
  yield check('another body under the key', `${post} with another body`, reused, other);
  const broken = await forward(subject, order, brokenText);
  yield check(
    'the key is read before the body is judged',
    `${post} with a broken body`,
    problem(422, 'key-reused'),
    broken,
  );
  yield await checkUnchanged(subject, 'a reused key changes nothing', before);
}

async function* tellUndo(subject: Subject, order: Order): AsyncGenerator<Finding> {
  const check = createCheck(subject);
  const { post, postUndo } = pathsOf(subject);
  const undone = await undo(subject, order);
  yield check('undo', postUndo, ok(order), undone);
  const before = await look(subject);
  yield check('undo again', `${postUndo} again`, sameAs(undone), await undo(subject, order));
  yield await checkUnchanged(subject, 'a second undo changes nothing', before);
  const late = await forward(subject, order);
  yield check('forward after its undo', `${post} once more`, problem(409, 'fenced', order), late);
  yield await checkUnchanged(subject, 'a forward after its undo changes nothing', before);
}

/** Rows DONE and UNDONE. */
export const tellDone: Story = async function* (subject) {
  const order = subject.newOrder();
  const check = createCheck(subject);
  const { post } = pathsOf(subject);
  const first = await forward(subject, order);
  yield check('forward', post, ok(order), first);
  yield check('the reply keeps its own document', post, replyOf(subject.effect.reply), first);
  const before = await look(subject);
  yield check('forward again', `${post} again`, sameAs(first), await forward(subject, order));
  yield await checkUnchanged(subject, 'a replay changes nothing', before);
  yield* tellReuse(subject, order);
  if (subject.effect.undo !== undefined) yield* tellUndo(subject, order);
};

/** Row TOMBSTONE: the undo was faster than the request that it undoes. */
export const tellTombstone: Story = async function* (subject) {
  if (subject.effect.undo === undefined) return;
  const order = subject.newOrder();
  const check = createCheck(subject);
  const { post, postUndo } = pathsOf(subject);
  const before = await look(subject);
  const fenced = problem(409, 'fenced', order);
  const first = await undo(subject, order);
  yield check('undo of what never came', `${postUndo} for a new order`, ok(order), first);
  const late = await forward(subject, order);
  yield check('a late forward', `${post} after its undo`, fenced, late);
  const later = await forward(subject, order);
  yield check('a late forward again', `${post} after its undo, again`, fenced, later);
  yield await checkUnchanged(subject, 'a late forward changes nothing', before);
};

async function* tellUndoneRefusal(subject: Subject, order: Order): AsyncGenerator<Finding> {
  const check = createCheck(subject);
  const { post, postUndo } = pathsOf(subject);
  yield check('undo of a refusal', postUndo, ok(order), await undo(subject, order));
  const good = await forward(subject, order);
  const noEffect = either(problem(422, 'key-reused'), problem(409, 'fenced'));
  yield check('a good body after an undone refusal', `${post} with a good body`, noEffect, good);
}

/** Row REFUSED, where the document names a request that is always refused. */
export const tellRefusal: Story = async function* (subject) {
  const { refusal } = subject.effect;
  if (refusal === undefined) return;
  const order = subject.newOrder();
  const check = createCheck(subject);
  const { post } = pathsOf(subject);
  const refused = () => forward(subject, order, toText([refusal.body], order));
  const before = await look(subject);
  const first = await refused();
  yield check(
    'refusal',
    `${post} with the refusal example`,
    problem(409, refusal.code, order),
    first,
  );
  yield check('refusal again', `${post} again`, sameAs(first), await refused());
  const good = await forward(subject, order);
  const reused = problem(422, 'key-reused', order);
  yield check('a good body under a refused key', `${post} with a good body`, reused, good);
  if (subject.effect.undo !== undefined) yield* tellUndoneRefusal(subject, order);
  yield await checkUnchanged(subject, 'a refusal changes nothing', before);
};

const duplicates = 6;

/** Two single effects leave equal traces; one of them is sent several times at once. */
export const tellDuplicates: Story = async function* (subject) {
  const [alone, together] = [subject.newOrder(), subject.newOrder()];
  const { post } = pathsOf(subject);
  const sent = `${post}, ${duplicates} times at once`;
  const beforeAlone = await look(subject);
  await forward(subject, alone);
  const before = await look(subject);
  const answers = await Promise.all(
    Array.from({ length: duplicates }, () => forward(subject, together)),
  );
  const last = await forward(subject, together);
  const odd = answers.find(({ status, text }) => status !== 200 || text !== last.text) ?? last;
  yield createCheck(subject)('duplicates at once', sent, sameAs(last), odd);
  const { bodies } = subject.effect;
  const expected = toTrace(beforeAlone, before, listOwn(bodies, alone));
  const came = toTrace(before, await look(subject), listOwn(bodies, together));
  yield {
    operation: subject.effect.name,
    check: 'duplicates at once leave one effect',
    sent,
    expected: `the trace of one: ${expected}`,
    came,
    passed: came === expected,
  };
};

/** Pauses between forward and undo: from none to the time when most forwards are half done or just over. */
const gapsMs = [0, 0, 2, 10];

async function* tellRound(subject: Subject, gapMs: number): AsyncGenerator<Finding> {
  const order = subject.newOrder();
  const check = createCheck(subject);
  const { post, postUndo } = pathsOf(subject);
  const fenced = problem(409, 'fenced', order);
  const [first, undone] = await Promise.all([
    forward(subject, order),
    delay(gapMs).then(() => undo(subject, order)),
  ]);
  const sent = `${post}, and ${postUndo} ${gapMs} ms later`;
  yield check('forward while its undo arrives', sent, either(ok(order), fenced), first);
  yield check('undo while its forward arrives', sent, ok(order), undone);
  yield check('nothing stands after both', `${post} again`, fenced, await forward(subject, order));
}

/** Whichever request wins, the undo is acknowledged and no effect stands. */
export const tellRace: Story = async function* (subject) {
  if (subject.effect.undo === undefined) return;
  for (const gapMs of gapsMs) yield* tellRound(subject, gapMs);
};
