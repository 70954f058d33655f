/** What is measured of orders and their steps, and where each figure leads. */
import { createEngine, type Engine } from '@baton/saga';
import { createMemoryJournal, createVirtualClock, type VirtualClock } from '@baton/saga/testing';
import type { Reply } from '@baton/service-kit';
import { createMetrics } from '@baton/telemetry';
import { expect, it, onTestFinished } from 'vitest';
import type { FindSpan } from '../run/exemplar.ts';
import { createOrderSagas } from '../testing/order-workflow.ts';
import { createStandIns } from '../testing/stand-in.ts';
import type { Override } from '../testing/stand-in-orchestrator.ts';
import { measureRuns } from './run-metrics.ts';

const input = {
  customerId: 'ada',
  lines: [{ sku: 'mug', quantity: 2 }],
  payment: { method: 'card' as const, token: 'tok_ok' },
};
const ok = <O>(output: O) => ({ reply: 'ok' as const, output });
const refused = (code: string) => ({ reply: 'refused' as const, code });
const lost: Reply<never> = { reply: 'unknown', code: 'status-503', retriable: true };
const final: Reply<never> = { reply: 'unknown', code: 'status-422', retriable: false };
const down: Reply<never> = { reply: 'unsent', code: 'connection-refused' };
/** The trace is named for the order, the span for the call. */
const findSpan: FindSpan = (run, _state, ordinal) => ({
  traceId: run,
  spanId: `call ${ordinal ?? 'none'}`,
  isSampled: true,
});

async function start(toOverride: (clock: VirtualClock) => Override, random = () => 0) {
  const clock = createVirtualClock();
  const metrics = createMetrics('orchestrator');
  const sagas = createOrderSagas(createStandIns(toOverride(clock)).participants);
  const [saga] = sagas;
  const journal = createMemoryJournal();
  const engine: Engine = await createEngine({ journal, sagas, clock, random });
  onTestFinished(() => engine.stop());
  measureRuns({ engine, sagas, now: clock.now, findSpan, isAnswering: () => true }, metrics);
  const place = (id: string) => engine.submit(saga, input, { id });
  const settle = async (id: string) => {
    await place(id);
    await clock.run(async () => (await engine.counts()).open === 0);
  };
  /** Values of a metric by its labels, without the service's. */
  const scrape = async (name: string): Promise<Record<string, number>> => {
    const lines = (await metrics.registry.metrics()).split('\n');
    return Object.fromEntries(
      lines
        .filter((line) => line.startsWith(`${name}{`))
        .map((line) => [
          line
            .slice(name.length + 1, line.indexOf('}'))
            .replace(/^service="\w+",?|,service="\w+"/, ''),
          Number(line.split(' ')[1]),
        ]),
    );
  };
  return { clock, engine, metrics, place, scrape, settle };
}

/** Answers one after the other, each after 100 ms; the last one again and again. */
function answering<O>(clock: VirtualClock, ...replies: [Reply<O>, ...Reply<O>[]]) {
  const left = replies.toReversed();
  return () => {
    const reply = (left.length > 1 ? left.pop() : undefined) ?? left[0] ?? replies[0];
    return new Promise<Reply<O>>((resolve) => clock.setTimer(100, () => resolve(reply)));
  };
}
const paid = ok({ orderId: 'o1', paymentId: 'pay_1' });

it('counts each attempt by its reply, and times a step from its first attempt on', async () => {
  const { settle, scrape } = await start((clock) => ({
    'payment-service': { process: answering(clock, down, lost, paid) },
  }));
  await settle('o1');
  expect(await scrape('baton_attempt_duration_seconds_count')).toMatchObject({
    'step="pay",direction="forward",reply="unsent"': 1,
    'step="pay",direction="forward",reply="unknown"': 1,
    'step="pay",direction="forward",reply="ok"': 1,
    'step="notify",direction="forward",reply="ok"': 1,
  });
  const attempts = await scrape('baton_attempt_duration_seconds_sum');
  expect(attempts['step="pay",direction="forward",reply="ok"']).toBeCloseTo(0.1);
  const { 'step="pay",direction="forward"': tookSeconds = 0 } = await scrape(
    'baton_step_duration_seconds_sum',
  );
  expect(tookSeconds).toBeGreaterThan(0.3);
  expect(
    (await scrape('baton_order_duration_seconds_sum'))['workflow="place-order",end="completed"'],
  ).toBeCloseTo(tookSeconds);
});

it('times an undo from its first attempt on, however often it was refused', async () => {
  const refusals = [refused('busy'), refused('busy')] as const;
  const { settle, scrape } = await start((clock) => ({
    'payment-service': { process: async () => refused('payment-declined') },
    'inventory-service': { release: answering(clock, ...refusals, ok({ orderId: 'o1' })) },
  }));
  await settle('o1');
  const { 'step="reserve",direction="undo",reply="refused"': refusedCount } = await scrape(
    'baton_attempt_duration_seconds_count',
  );
  expect(refusedCount).toBe(2);
  const undone = await scrape('baton_step_duration_seconds_count');
  expect(undone['step="reserve",direction="undo"']).toBe(1);
  expect(undone['step="pay",direction="forward"']).toBe(1);
  // Three calls of a tenth of a second, and what lies between them.
  const seconds = (await scrape('baton_step_duration_seconds_sum'))[
    'step="reserve",direction="undo"'
  ];
  expect(seconds).toBeGreaterThan(0.3);
});

it('counts ends, of which those that lack something are apart', async () => {
  const notify = async ({ orderId }: { readonly orderId: string }) =>
    orderId === 'o2' ? final : ok({ orderId, messageId: 'msg_1' });
  const { settle, scrape } = await start(() => ({ 'notification-service': { notify } }));
  expect(await scrape('baton_orders_settled_total')).toEqual({
    'workflow="place-order",end="completed"': 0,
    'workflow="place-order",end="degraded"': 0,
    'workflow="place-order",end="compensated"': 0,
  });
  await settle('o1');
  await settle('o2');
  expect(await scrape('baton_orders_settled_total')).toMatchObject({
    'workflow="place-order",end="completed"': 1,
    'workflow="place-order",end="degraded"': 1,
  });
  expect(await scrape('baton_orders_accepted_total')).toEqual({ 'workflow="place-order"': 2 });
});

it('tells a business that says no from attempts that ran out and from a customer who cancels', async () => {
  const reserve = async ({ orderId }: { readonly orderId: string }) => {
    if (orderId === 'o0' || orderId === 'o1') return refused('out-of-stock');
    return orderId === 'o2' ? final : ok({ orderId, reservationId: 'res_1' });
  };
  const { clock, engine, place, settle, scrape } = await start((clock) => ({
    'inventory-service': { reserve },
    'payment-service': { process: answering(clock, lost) },
  }));
  for (const id of ['o0', 'o1', 'o2']) await settle(id);
  await place('o3');
  await clock.run(async () => (await engine.read('o3'))?.state.ways.reserve?.result === 'ok');
  await engine.cancel('o3', 'changed my mind');
  await clock.run(async () => (await engine.counts()).open === 0);
  expect(await scrape('baton_compensations_total')).toMatchObject({
    'step="reserve",cause="refused"': 2,
    'step="reserve",cause="failed"': 1,
    'step="none",cause="cancelled"': 1,
  });
});

it('has every counter at 0 from the start, so that the first one is a rise', async () => {
  const { scrape } = await start(() => ({}));
  const compensations = await scrape('baton_compensations_total');
  expect(compensations).toEqual({
    'step="validate",cause="refused"': 0,
    'step="validate",cause="failed"': 0,
    'step="reserve",cause="refused"': 0,
    'step="reserve",cause="failed"': 0,
    'step="pay",cause="refused"': 0,
    'step="pay",cause="failed"': 0,
    'step="none",cause="cancelled"': 0,
  });
  expect(await scrape('baton_alternates_chosen_total')).toEqual({
    'step="pay"': 0,
    'step="notify"': 0,
  });
  expect(await scrape('baton_steps_deferred_total')).toEqual({ 'step="notify"': 0 });
  const events = await scrape('baton_order_events_total');
  expect(events).toMatchObject({ 'type="accepted"': 0, 'type="undo-refused"': 0 });
  expect(Object.values(events).every((value) => value === 0)).toBe(true);
  const openings = await scrape('baton_breaker_openings_total');
  expect(openings).toEqual({
    'participant="order-service"': 0,
    'participant="inventory-service"': 0,
    'participant="payment-service"': 0,
    'participant="payment-alternate"': 0,
    'participant="notification-service"': 0,
  });
});

it('shows how old the oldest open order is, as long as there is one', async () => {
  // Two orders open no breaker: they try for 15 minutes, and wait as long as they may in between.
  const { clock, engine, place, scrape } = await start(
    (clock) => ({ 'inventory-service': { reserve: answering(clock, down) } }),
    () => 0.99,
  );
  const name = 'baton_oldest_open_order_age_seconds';
  expect(await scrape(name)).toEqual({ '': 0 });
  await place('o1');
  const placedAt = clock.now();
  await clock.run(() => clock.now() > placedAt + 60_000);
  await place('o2');
  expect((await scrape(name))['']).toBeGreaterThanOrEqual(60);
  await clock.run(async () => (await engine.counts()).open === 0);
  expect(await scrape(name)).toEqual({ '': 0 });
});

it('leads from an attempt to its call, and from an end to the order', async () => {
  const { settle, metrics } = await start((clock) => ({
    'payment-service': { process: answering(clock, lost, paid) },
  }));
  await settle('o1');
  const text = await metrics.registry.metrics();
  const findExemplar = (name: string, label: string) =>
    text
      .split('\n')
      .find(
        (line) =>
          line.startsWith(`${name}_bucket{`) && line.includes(`${label}`) && / # /.test(line),
      )
      ?.split(' # ')[1];
  const attempt = 'baton_attempt_duration_seconds';
  const ofPay = 'step="pay",direction="forward"';
  expect(findExemplar(attempt, `${ofPay},reply="unknown"`)).toMatch('o1",span_id="call 3"');
  expect(findExemplar(attempt, `${ofPay},reply="ok"`)).toMatch('o1",span_id="call 4"');
  expect(findExemplar('baton_step_duration_seconds', ofPay)).toMatch('o1",span_id="call 4"');
  expect(findExemplar('baton_order_duration_seconds', '')).toMatch('o1",span_id="call none"');
});
