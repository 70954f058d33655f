import { type Engine, type Event, type Happening, replay, viewRun } from '@baton/saga';
import { createMemoryJournal, createMemoryStore } from '@baton/saga/testing';
import { createLog, createMetrics } from '@baton/telemetry';
import request from 'supertest';
import { expect, it } from 'vitest';
import { createOrchestrator } from '../orchestrator.ts';
import type { OrchestratorOptions } from '../orchestrator-options.ts';
import type { Participants } from '../participants.ts';
import { createOrderSaga, createOrderWorkflow } from '../testing/order-workflow.ts';
import { createStandIns } from '../testing/stand-in.ts';
import { narrate } from './narrative.ts';

const order = {
  customerId: 'ada',
  lines: [{ sku: 'mug', quantity: 2 }],
  payment: { method: 'card' as const, token: 'tok_ok' },
};

async function live(participants: Participants, change: Partial<OrchestratorOptions> = {}) {
  const { engine } = await createOrchestrator({
    journal: createMemoryJournal(),
    participants,
    workflows: [createOrderWorkflow(participants)],
    log: createLog('orchestrator', 'silent'),
    metrics: createMetrics('orchestrator'),
    random: () => 0.999,
    ...change,
  });
  const placed = await engine.submit(createOrderSaga(participants), order, { id: 'ord_1' });
  expect(['accepted', 'known']).toContain(placed.type);
  const read = async (): Promise<string> => {
    const run = await engine.read('ord_1');
    return run ? narrate(run, createOrderWorkflow(participants), Date.now()).join('\n') : '';
  };
  return { engine, read };
}

async function tell(
  participants: Participants,
  isTold: (story: string) => boolean,
  change: Partial<OrchestratorOptions> = {},
) {
  const { engine, read } = await live(participants, change);
  await expect.poll(async () => isTold(await read())).toBe(true);
  const story = await read();
  await engine.stop();
  return story;
}

it('tells of an order that went well', async () => {
  const story = await tell(createStandIns().participants, (text) => text.includes('completed\n'));
  expect(story).toMatch(/^Order ord_1, worth 24\.00 EUR: completed\n/);
  expect(story).toContain('accepted, and on disk before anyone was told so');
  expect(story).toContain('pay, attempt 1: payment-service did it (pay_1)');
  expect(story).toMatch(/Nothing is owed\.\nNothing more will happen to it\.$/);
});

it('tells why an order was undone, and what was undone', async () => {
  const process = async () => ({ reply: 'refused' as const, code: 'payment-declined' });
  const { participants } = createStandIns({ 'payment-service': { process } });
  const story = await tell(participants, (text) => text.includes('all is undone'));
  expect(story).toContain('compensated (payment-declined)');
  expect(story).toContain('payment-service refused: payment-declined; nothing happened there');
  expect(story).toContain('everything is to be undone, because of pay (payment-declined)');
  expect(story).toContain('undo of reserve, attempt 1: inventory-service undid it\n');
});

it('tells what is owed, what was injected, and when the next try is', async () => {
  const process = async () => ({ reply: 'refused' as const, code: 'payment-declined' });
  const note = 'injected inventory.release:status';
  const release = async () => ({
    reply: 'unknown' as const,
    code: 'status-503',
    retriable: true,
    note,
  });
  const { participants } = createStandIns({
    'payment-service': { process },
    'inventory-service': { release },
  });
  const isWaiting = (text: string) => /next try in .*Next: the undo of reserve/s.test(text);
  const story = await tell(participants, isWaiting);
  expect(story).toContain(`it answered 503; it is still owed [${note}]; next try in `);
  // Counted from when the event was committed, a moment after the delay was drawn.
  expect(story).toMatch(/next try in (1\d\d|200) ms/);
  expect(story).toContain('Owed: the undo of reserve.');
  expect(story).toMatch(
    /Next: the undo of reserve, at inventory-service, (in \d+ ms|now or under way)\./,
  );
});

it('promises no further try of what is given up', async () => {
  const process = async () => ({
    reply: 'unknown' as const,
    code: 'status-422',
    retriable: false,
  });
  const { participants } = createStandIns({
    'payment-service': { process },
    'payment-alternate': { process },
  });
  const story = await tell(participants, (text) => text.includes('all is undone'));
  expect(story).toMatch(/pay, attempt 1: it answered 422; whether payment-service .* not known\n/);
  expect(story).toContain(
    'pay: the first way is given up (it answered 422); its alternate is to take its place',
  );
  expect(story).toMatch(/pay:alt, attempt 1: .*; whether payment-alternate .* not known\n/);
  expect(story).not.toContain('next try');
  expect(story).toContain('now never will: what still comes late is turned away there');
});

const unsent = async () => ({ reply: 'unsent' as const, code: 'connection-refused' });
const refuse = async () => ({ reply: 'refused' as const, code: 'payment-declined' });
const final = async () => ({ reply: 'unknown' as const, code: 'status-422', retriable: false });
const touchy = { breaker: { failuresMin: 1 } };

it('tells for whom an order waits at an open breaker, and when it is tried', async () => {
  const { participants } = createStandIns({ 'inventory-service': { reserve: unsent } });
  const isWaiting = (text: string) =>
    /waits until[\s\S]*its breaker holds calls back\.$/.test(text);
  const story = await tell(participants, isWaiting, touchy);
  expect(story).toContain(
    'reserve: waits until inventory-service is well again; its breaker holds calls back, and no attempt is used up',
  );
  expect(story).toMatch(
    /Next: reserve, at inventory-service, in \d.* m?s; its breaker holds calls back\.$/,
  );
});

it('promises nothing of a breaker to who has the journal alone', async () => {
  const { participants } = createStandIns({ 'inventory-service': { reserve: unsent } });
  const { engine } = await live(participants, touchy);
  const readAlone = async () => {
    const run = await engine.read('ord_1');
    const seen = run && viewRun(run.saga, run, Date.now() + 60_000);
    return seen && narrate(seen, createOrderWorkflow(participants), Date.now()).at(-1);
  };
  // Between its probes: during one, it is under way.
  await expect
    .poll(readAlone)
    .toBe('Next: reserve, at inventory-service, as soon as its breaker lets it through.');
  await engine.stop();
});

it('tells who asked for a retry, and why', async () => {
  const release = async () => ({ reply: 'refused' as const, code: 'too-late' });
  const { participants } = createStandIns({
    'payment-service': { process: refuse },
    'inventory-service': { release },
  });
  const { engine, read } = await live(participants);
  await expect.poll(read).toContain('refused by inventory-service (too-late); it is still owed');
  await engine.retry('ord_1', 'watchdog: they have mended it');
  await engine.retry('ord_1', 'it should have gone on by now', { by: 'watchdog', nudge: true });
  const story = await read();
  await engine.stop();
  expect(story).toContain('an operator asked for a retry: watchdog: they have mended it');
  expect(story).toContain('the watchdog: it should have gone on by now; it is tried again');
});

it('shows on one line what people and participants wrote', async () => {
  const release = async () => ({ reply: 'refused' as const, code: 'too\u001b[2J-late' });
  const { participants } = createStandIns({
    'payment-service': { process: refuse },
    'inventory-service': { release },
  });
  const { engine, read } = await live(participants);
  await expect.poll(read).toContain('it is still owed');
  const before = (await read()).split('\n').length;
  await engine.retry('ord_1', 'x\u001b[2J\n    9.999 s  pay: done\u202e\u0007');
  const story = await read();
  await engine.stop();
  expect(story).toContain('refused by inventory-service (too\\u001b[2J-late)');
  expect(story).toContain('x\\u001b[2J\\u000a    9.999 s  pay: done\\u202e\\u0007');
  expect(story.split('\n').length - before).toBeLessThanOrEqual(2);
});

it('does not call undone what was written off', async () => {
  const release = async () => ({ reply: 'refused' as const, code: 'too-late' });
  const { participants } = createStandIns({
    'payment-service': { process: refuse },
    'inventory-service': { release },
  });
  const { engine, read } = await live(participants);
  await expect.poll(read).toContain('it is still owed');
  await engine.skip('ord_1', 'reserve', 'they say no');
  await expect.poll(read).toContain('ended: all is undone but what was written off');
  const story = await read();
  await engine.stop();
  expect(story).toContain(
    'an operator wrote off the undo of reserve: they say no; what inventory-service holds must be put right there by hand',
  );
  expect(story).not.toContain('no stock held');
  expect(story).toMatch(
    /Nothing is owed\.\nWritten off: the undo of reserve\.\nNothing more will happen to it\.$/,
  );
});

it('promises no further try of a deferred step', async () => {
  const notify = async () => ({ ...(await final()), code: 'status-503', retriable: true });
  const { participants } = createStandIns({ 'notification-service': { notify } });
  const story = await tell(participants, (text) => text.includes('deferred'));
  expect(story).toMatch(/it answered 503; whether .* not known\n.*: deferred \(it answered 503\)/);
});

it('tells of a notification that will not be sent', async () => {
  const { participants } = createStandIns({ 'notification-service': { notify: final } });
  const { engine, read } = await live(participants);
  await expect.poll(read).toContain('Still to be done: notify.');
  await engine.skip('ord_1', 'notify', 'told by telephone');
  const story = await read();
  await engine.stop();
  expect(story).toContain('an operator wrote off notify: told by telephone; it will not be done');
  expect(story).toMatch(/Nothing is owed\.\nNothing more will happen to it\.$/);
});

it('tells of an order that ended its orchestrator again and again', async () => {
  const store = createMemoryStore();
  const silence = Promise.withResolvers<Awaited<ReturnType<typeof final>>>();
  const lives: Engine[] = [];
  const { participants } = createStandIns({
    'inventory-service': { release: () => silence.promise },
    'payment-service': { process: refuse },
  });
  for (let end = 0; end < 5; end++) {
    const { engine } = await live(participants, { journal: createMemoryJournal(store) });
    lives.push(engine);
    await expect.poll(async () => (await engine.read('ord_1'))?.attempt?.direction).toBe('undo');
  }
  const { engine, read } = await live(participants, { journal: createMemoryJournal(store) });
  const story = await read();
  silence.resolve(await final());
  await Promise.all([...lives, engine].map((one) => one.stop()));
  expect(story).toMatch(/^Order ord_1, worth 24\.00 EUR: stuck \(payment-declined\)\n/);
  expect(story).toContain('the orchestrator had ended; it goes on from what is on disk');
  expect(story).toContain('the undo of reserve: about to be tried; said before the call');
  expect(story).toContain('set aside: the orchestrator ended in its calls too often');
  expect(story).toMatch(
    /Owed: the undo of reserve, validate\.\nIt is set aside, and tried again alone in \d\.\d s\.$/,
  );
});

it('says what an order that was set aside keeps, and what of it is not known', () => {
  const { participants } = createStandIns();
  const saga = createOrderSaga(participants);
  const { name, version, structure } = saga;
  const tried = { attempt: 1, startedAt: 0 };
  const happenings: Happening[] = [
    { type: 'accepted', saga: name, version, structure, input: order, context: {} },
    { type: 'step-succeeded', way: 'validate', ...tried, output: {} },
    { type: 'step-succeeded', way: 'reserve', ...tried, output: {} },
    { type: 'step-unknown', way: 'pay', ...tried, code: 'interrupted', retryAt: 0 },
    { type: 'quarantined', code: 'crash-loop', until: 40_000 },
  ];
  const events: Event[] = happenings.map((what, place) => ({ ...what, seq: place + 1, at: 0 }));
  const state = replay(events);
  const story = narrate(
    viewRun(saga, { id: 'ord_1', state, events }, 0),
    createOrderWorkflow(participants),
    0,
  );
  expect(story.slice(-3)).toEqual([
    'Done, and kept meanwhile: validate, reserve.',
    'Perhaps done, which is not known: pay.',
    'It is set aside, and tried again alone in 40.0 s.',
  ]);
});

it('leaves alone what an earlier order under its key did, and says so', async () => {
  const undone: string[] = [];
  const { participants } = createStandIns({
    'inventory-service': {
      reserve: async () => ({
        reply: 'ok' as const,
        output: { orderId: 'ord_1', reservationId: 'res_1' },
        details: { replayed: 'true' },
      }),
      release: async ({ orderId }: { orderId: string }) => {
        undone.push(orderId);
        return { reply: 'ok' as const, output: { orderId } };
      },
    },
    'payment-service': { process: async () => ({ reply: 'refused' as const, code: 'key-reused' }) },
  });
  const story = await tell(participants, (text) => text.includes('all of its own is undone'));
  expect(undone).toEqual([]);
  expect(story).toContain('its key stands for another request, whose effect is left alone');
  expect(story).toContain('Not undone, since an earlier order with this id did it: reserve.');
  expect(story).not.toContain('no stock held');
});

it('says that a cancellation came too late: in the story, the view and the second answer', async () => {
  const paying = Promise.withResolvers<void>();
  const paid = Promise.withResolvers<void>();
  const process = async ({ orderId }: { orderId: string }) => {
    paying.resolve();
    await paid.promise;
    return { reply: 'ok' as const, output: { orderId, paymentId: 'pay_1' } };
  };
  const { participants } = createStandIns({ 'payment-service': { process } });
  const workflows = [createOrderWorkflow(participants)] as const;
  const app = await createOrchestrator({
    journal: createMemoryJournal(),
    participants,
    workflows,
    log: createLog('orchestrator', 'silent'),
    metrics: createMetrics('orchestrator'),
  });
  await app.engine.submit(createOrderSaga(participants), order, { id: 'ord_1' });
  await paying.promise;
  const cancel = () => request(app.app).post('/orders/ord_1/cancel');
  expect((await cancel()).status).toBe(202);
  paid.resolve();
  await app.engine.settled('ord_1');
  const run = await app.engine.read('ord_1');
  const story = run ? narrate(run, workflows[0], Date.now()).join('\n') : '';
  expect(story).toContain(
    'a cancellation was asked for: asked for by the client; it came too late',
  );
  expect(story).toContain('completed: the cancellation came too late');
  const view = await request(app.app).get('/orders/ord_1');
  expect(view.body).toMatchObject({ status: 'completed', cancelTooLate: true });
  const again = await cancel();
  expect(again.status).toBe(409);
  expect(again.body.detail).toContain('came too late');
  await app.stop();
});
