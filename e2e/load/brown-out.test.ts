import { createEngine, ok, type Reply, saga } from '@baton/saga';
import { createMemoryJournal, createVirtualClock } from '@baton/saga/testing';
import { expect, it } from 'vitest';
import { createRandom } from '../src/random.ts';
import { measureMedianRatio } from './median-ratio.ts';

const minuteMs = 60_000;
const orders = 1_000;
const lost: Reply<never> = { reply: 'unknown', code: 'status-503' };

/** One participant that fails half of its calls for two minutes, while orders keep coming; then it heals. */
async function playBrownOut(seed: number) {
  const clock = createVirtualClock();
  const random = createRandom(seed);
  const startMs = clock.now();
  const isIll = () => clock.now() - startMs < 2 * minuteMs;
  const calls: number[] = [];
  const seen = { inFlight: 0, togetherMax: 0 };
  const ask = async (): Promise<Reply<number>> => {
    const isFailing = isIll() && random.chance(0.5);
    calls.push(clock.now() - startMs);
    seen.inFlight += 1;
    seen.togetherMax = Math.max(seen.togetherMax, seen.inFlight);
    await new Promise<void>((ring) => clock.setTimer(20, ring));
    seen.inFlight -= 1;
    return isFailing ? lost : ok(1);
  };
  const order = saga('order', { version: 1, input: anything })
    .pivot('pay', {
      participant: 'payments',
      perform: ask,
      undo: async () => ok(null),
      retry: { attemptsMax: 10 },
    })
    .end();
  const journal = createMemoryJournal();
  const engine = await createEngine({ journal, sagas: [order], clock, random: random.next });
  let accepted = 0;
  const arrive = (): void => {
    void engine.submit(order, null, { id: `o${accepted++}` });
    if (accepted < orders) clock.setTimer((2 * minuteMs) / orders, arrive);
  };
  arrive();
  await clock.run(() => !isIll());
  const [participant] = await engine.participants();
  const duringIllness = { calls: calls.length, accepted, parked: participant?.parked ?? 0 };
  const healedAt = clock.now();
  await clock.run(async () => accepted === orders && (await engine.counts()).open === 0);
  const completed = (await engine.list({ status: 'completed', limit: orders })).length;
  const drain = calls.slice(duringIllness.calls);
  await engine.stop();
  return { duringIllness, completed, drain, seen, drainMs: clock.now() - healedAt };
}

const anything = {
  '~standard': { version: 1, vendor: 'test', validate: (value: unknown) => ({ value }) },
} as const;

const callsMax = 1.2;
/** By the engine's own setting, and what of the second before may fall into it. */
const drainMax = 200 + 20;

it('calls an ill participant hardly more often than orders come, and drains at a bounded rate when it is well', async () => {
  let seed = 7;
  const ratio = await measureMedianRatio(callsMax, async () => {
    const { duringIllness, completed, drain, seen } = await playBrownOut(seed++);
    const { accepted, calls, parked } = duringIllness;
    process.stdout.write(
      `brown-out: ${accepted} orders came, ${calls} calls were made, ${parked} orders waited; ${completed} completed\n`,
    );
    expect(completed).toBe(orders);
    const perSecond = [...Map.groupBy(drain, (at) => Math.floor(at / 1_000)).values()];
    expect(Math.max(...perSecond.map((second) => second.length))).toBeLessThanOrEqual(drainMax);
    expect(seen.togetherMax).toBeLessThanOrEqual(32);
    return calls / accepted;
  });
  expect(ratio).toBeLessThanOrEqual(callsMax);
});
