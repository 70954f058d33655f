/** Requests that no contract allows: each is refused as a problem document and leaves nothing. */
import { ok, problem } from './finding.ts';
import { brokenText, toOversizedText, toPollutingText, toText } from './order-request.ts';
import { checkUnchanged, createCheck, forward, look, type Story, send } from './subject.ts';

export const tellBadKeys: Story = async function* (subject) {
  const { effect } = subject;
  const order = subject.newOrder();
  const check = createCheck(subject);
  const text = toText(effect.bodies, order);
  const missing = problem(400, 'key-missing');
  const without = await send(subject, { text });
  yield check('no key', `POST ${effect.path} without a key`, missing, without);
  const odd = await send(subject, { text, key: 'not-an-order' });
  yield check('a malformed key', `POST ${effect.path} with key not-an-order`, missing, odd);
  if (effect.undo === undefined) return;
  const { path, bodies } = effect.undo;
  const undone = await send(subject, { path, text: toText(bodies, order) });
  yield check('an undo without a key', `POST ${path} without a key`, missing, undone);
};

export const tellBadBodies: Story = async function* (subject) {
  const { effect } = subject;
  const order = subject.newOrder();
  const check = createCheck(subject);
  const post = `POST ${effect.path}`;
  const bad = problem(400);
  const before = await look(subject);
  const broken = await forward(subject, order, brokenText);
  yield check('a body that breaks the contract', `${post} with a broken body`, bad, broken);
  const malformed = await forward(subject, order, toText(effect.bodies, order).slice(0, -1));
  yield check('malformed JSON', `${post} without the last brace`, bad, malformed);
  const polluting = await forward(subject, order, toPollutingText(effect.bodies, order));
  yield check('__proto__', `${post} with a field __proto__`, bad, polluting);
  const large = await forward(subject, order, toOversizedText(effect.bodies, order));
  yield check('an oversized body', `${post} with 256 KiB`, problem(413), large);
  yield await checkUnchanged(subject, 'bad requests change nothing', before);
  const good = await forward(subject, order);
  yield check('bad requests leave no row', `${post} with a good body`, ok(order), good);
};

export const tellWrongMethod: Story = async function* (subject) {
  const { path } = subject.effect;
  const answer = await send(subject, { method: 'PUT', text: '{}' });
  yield createCheck(subject)('a wrong method', `PUT ${path}`, problem(405), answer);
};
