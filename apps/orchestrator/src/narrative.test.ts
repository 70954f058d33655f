import { createMemoryJournal } from '@baton/saga/testing';
import { createLog, createMetrics } from '@baton/telemetry';
import { expect, it } from 'vitest';
import { createOrchestrator } from './app.ts';
import { narrate } from './narrative.ts';
import { createOrderSaga } from './order-saga.ts';
import type { Participants } from './participants.ts';
import { createStandIns } from './stand-in.ts';

const order = {
  customerId: 'ada',
  lines: [{ sku: 'mug', quantity: 2 }],
  payment: { method: 'card' as const, token: 'tok_ok' },
};

async function tell(participants: Participants, isTold: (story: string) => boolean) {
  const { engine } = await createOrchestrator({
    journal: createMemoryJournal(),
    participants,
    log: createLog('orchestrator', 'silent'),
    metrics: createMetrics('orchestrator'),
    random: () => 0.999,
  });
  const placed = await engine.submit(createOrderSaga(participants), order, { id: 'ord_1' });
  expect(placed.type).toBe('accepted');
  const read = (): string => {
    const run = engine.read('ord_1');
    return run ? narrate(run, Date.now()).join('\n') : '';
  };
  await expect.poll(() => isTold(read()), { timeout: 5_000 }).toBe(true);
  const story = read();
  await engine.stop();
  return story;
}

it('tells of an order that went well', async () => {
  const story = await tell(createStandIns().participants, (text) => text.includes('completed\n'));
  expect(story).toMatch(/^Order ord_1, worth 24\.00 EUR: completed\n/);
  expect(story).toContain('accepted, and on disk before anyone was told so');
  expect(story).toContain('pay, attempt 1: payment-service did it');
  expect(story).toMatch(/Nothing is owed\.\nNothing more will happen to it\.$/);
});

it('tells why an order was undone, and what was undone', async () => {
  const process = async () => ({ reply: 'refused' as const, code: 'payment-declined' });
  const { participants } = createStandIns({ payments: { process } });
  const story = await tell(participants, (text) => text.includes('all is undone'));
  expect(story).toContain('compensated (payment-declined)');
  expect(story).toContain('payment-service refused: payment-declined; nothing happened there');
  expect(story).toContain('everything is undone, because of pay (payment-declined)');
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
  const { participants } = createStandIns({ payments: { process }, inventory: { release } });
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
    payments: { process },
    alternatePayments: { process },
  });
  const story = await tell(participants, (text) => text.includes('all is undone'));
  expect(story).toMatch(/pay, attempt 1: it answered 422; whether payment-service .* not known\n/);
  expect(story).toContain(
    'pay: the first way is given up (it answered 422); its alternate is tried',
  );
  expect(story).toMatch(/pay:alt, attempt 1: .*; whether payment-alternate .* not known\n/);
  expect(story).not.toContain('next try');
});
