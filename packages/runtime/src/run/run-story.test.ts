import type { RunStory } from '@baton/contracts';
import supertest from 'supertest';
import { expect, it, onTestFinished, vi } from 'vitest';
import { createStandInOrchestrator, type Override } from '../testing/stand-in-orchestrator.ts';

const order = {
  customerId: 'ada',
  lines: [{ sku: 'mug', quantity: 2 }],
  payment: { method: 'card', token: 'tok_ok' },
};

type Until = (story: RunStory) => boolean;

async function stage(override: Override, until: Until) {
  const orchestrator = await createStandInOrchestrator(override);
  onTestFinished(() => orchestrator.stop());
  const client = supertest(orchestrator.app);
  const { body } = await client.post('/orders').send(order);
  const path = `/orders/${body.orderId}`;
  const story = await vi.waitFor(async () => {
    const answer = await client.get(`${path}/story`).expect(200);
    expect(until(answer.body)).toBe(true);
    return answer.body as RunStory;
  }, 10_000);
  return { client, path, story };
}

const tell = async (override: Override, until: Until): Promise<RunStory> =>
  (await stage(override, until)).story;

const isOver = ({ told }: RunStory): boolean =>
  told.some(({ type }) => type === 'completed' || type === 'compensated');

it('has the spans of its trace though nothing is traced, and nothing for a person to do', async () => {
  const { spans, told, rest, mayDo } = await tell({}, isOver);
  expect(
    spans.filter(({ kind }) => kind === 'attempt').map(({ name, reply }) => [name, reply]),
  ).toEqual(['validate', 'reserve', 'pay', 'notify'].map((name) => [name, 'ok']));
  expect(told.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6]);
  expect(rest).toEqual(['Nothing is owed.', 'Nothing more will happen to it.']);
  expect(mayDo).toEqual({ cancel: false, retry: false, skip: [] });
});

it('tells what failed and what was done about it, and who holds what in the end', async () => {
  const isLost = async () => ({
    reply: 'unknown' as const,
    code: 'connection-reset',
    retriable: true,
  });
  const story = await tell({ 'payment-service': { process: isLost } }, isOver);
  const cut = 'the connection broke before an answer came';
  expect(story.troubles).toEqual([`pay, at payment-service: ${cut}, 3 times`]);
  expect(story.deeds).toEqual([
    'asked again for pay, marked as the same request, 2 times',
    `pay: the first way is given up (${cut}); its alternate is to take its place`,
    'had pay undone at payment-service, in case it was done',
  ]);
  expect(story.holdings).toEqual([
    { participant: 'inventory-service', what: 'what reserve moved', state: 'holds' },
    { participant: 'payment-service', what: 'what pay moved', state: 'gave-back', unsure: true },
    { participant: 'payment-alternate', what: 'what pay:alt moved', state: 'holds' },
  ]);
});

it('tells what it undid in the order of time, and that what was reserved was given back', async () => {
  const declines = async () => ({ reply: 'refused' as const, code: 'payment-declined' });
  const { deeds, holdings } = await tell({ 'payment-service': { process: declines } }, isOver);
  expect(deeds).toEqual([
    'decided, for good: everything is to be undone, because of pay (payment-declined)',
    'undid reserve, at inventory-service',
    'undid validate, at order-service',
  ]);
  expect(holdings.map(({ state, unsure }) => [state, unsure])).toEqual([
    ['gave-back', undefined],
    ['never', undefined],
  ]);
});

it('says that a deferred step was done after all', async () => {
  let calls = 0;
  const notify = async ({ orderId }: { orderId: string }) =>
    ++calls < 5
      ? { reply: 'unknown' as const, code: 'status-422', retriable: false }
      : { reply: 'ok' as const, output: { orderId, messageId: 'msg_1' } };
  const { deeds } = await tell({ 'notification-service': { notify } }, (story) =>
    story.deeds.includes('did notify after all'),
  );
  expect(deeds.at(-1)).toBe('did notify after all');
});

it('does not claim to know what became of a call whose answer was lost', async () => {
  const isLost = async () => ({ reply: 'unknown' as const, code: 'timed-out', retriable: true });
  const { holdings } = await tell(
    { 'inventory-service': { reserve: isLost } },
    (story) => story.troubles.length > 0 && story.mayDo.retry,
  );
  expect(holdings).toEqual([
    { participant: 'inventory-service', what: 'what reserve moved', state: 'may-hold' },
  ]);
});

it('says that a run which waits before its pivot can be cancelled or tried at once', async () => {
  const isDown = async () => ({ reply: 'unsent' as const, code: 'connection-refused' });
  const { mayDo, spans } = await tell(
    { 'inventory-service': { reserve: isDown } },
    (story) => story.mayDo.retry,
  );
  expect(mayDo).toEqual({ cancel: true, retry: true, skip: [] });
  expect(spans.at(-1)).toMatchObject({ name: 'reserve', reply: 'unsent' });
});

it('names the undo that can be written off', async () => {
  const declines = async () => ({ reply: 'refused' as const, code: 'payment-declined' });
  const fenced = async () => ({ reply: 'refused' as const, code: 'fenced' });
  const { mayDo, holdings } = await tell(
    { 'payment-service': { process: declines }, 'inventory-service': { release: fenced } },
    (story) => story.mayDo.skip.length > 0,
  );
  expect(mayDo).toEqual({ cancel: false, retry: true, skip: ['reserve'] });
  expect(holdings.map(({ state }) => state)).toEqual(['holds', 'never']);
});

const down = async () => ({ reply: 'unsent' as const, code: 'connection-refused' });
const declined = async () => ({ reply: 'refused' as const, code: 'payment-declined' });
const fenced = async () => ({ reply: 'refused' as const, code: 'fenced' });
const steps = ['validate', 'reserve', 'pay', 'notify'];

it.each<readonly [string, Override, Until]>([
  ['is completed', {}, isOver],
  ['is undone', { 'payment-service': { process: declined } }, isOver],
  [
    'waits before its pivot',
    { 'inventory-service': { reserve: down } },
    ({ mayDo }) => mayDo.retry,
  ],
  [
    'waits on its way back',
    { 'payment-service': { process: declined }, 'inventory-service': { release: down } },
    ({ mayDo }) => mayDo.retry,
  ],
  [
    'has an undo that was refused',
    { 'payment-service': { process: declined }, 'inventory-service': { release: fenced } },
    ({ mayDo }) => mayDo.skip.length > 0,
  ],
  ['owes a deferred step', { 'notification-service': { notify: down } }, isOver],
])('offers of a run that %s what the engine grants, and no more', async (...scene) => {
  const [, override, until] = scene;
  const ask = async (act: string, body: object = {}): Promise<boolean> => {
    const { client, path } = await stage(override, until);
    await client.post(`${path}/${act}`).send(body);
    // A run that is being undone answers that it is: nothing comes of it.
    const { told } = (await client.get(`${path}/story`).expect(200)).body as RunStory;
    return told.some(({ type }) => /^(cancel-requested|retry-requested|written-off)$/.test(type));
  };
  const reason = 'to see';
  const [{ mayDo }, cancel, retry, ...skips] = await Promise.all([
    tell(override, until),
    ask('cancel'),
    ask('retry', { reason }),
    ...steps.map((step) => ask('skip', { step, reason })),
  ]);
  const skip = steps.filter((_step, place) => skips[place]);
  expect({ cancel, retry, skip }).toEqual(mayDo);
});

it('shows what others wrote on one line, with what acts on a page escaped', async () => {
  const isDown = async () => ({ reply: 'unsent' as const, code: 'connection-refused' });
  const orchestrator = await createStandInOrchestrator({
    'inventory-service': { reserve: isDown },
  });
  onTestFinished(() => orchestrator.stop());
  const client = supertest(orchestrator.app);
  const { orderId } = (await client.post('/orders').send(order)).body;
  const reason = 'it is back\n completed\u202e';
  const retry = () => client.post(`/orders/${orderId}/retry`).send({ reason }).expect(202);
  await vi.waitFor(retry, 10_000);
  const { told, deeds } = (await client.get(`/orders/${orderId}/story`).expect(200))
    .body as RunStory;
  const said = 'an operator asked for a retry: it is back\\u000a completed\\u202e';
  expect(told.map(({ text }) => text)).toContain(said);
  expect(deeds).toContain(said);
});
