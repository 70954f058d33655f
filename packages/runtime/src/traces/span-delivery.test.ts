import type { Delivery } from '@baton/telemetry';
import { expect, it } from 'vitest';
import { accepted, toEvents } from '../testing/event-story.ts';
import { project } from './run-spans.ts';
import { deliver, type Told } from './span-delivery.ts';

const [event] = toEvents([accepted()]);
if (!event) throw new Error('there is no event');

/** The events of orders `0`, `1` …, of a span each. */
const tell = (count: number): Told[] =>
  Array.from({ length: count }, (_, order) => {
    const run = String(order);
    return { run, seq: 1, spans: project({ run, event }, null, () => undefined).spans };
  });

/** A collector that answers what `judge` says to the orders of a batch. */
async function sendTo(told: readonly Told[], judge: (orders: readonly string[]) => Delivery) {
  const batches: string[][] = [];
  const arrived: string[] = [];
  const outcome = await deliver(told, async (spans) => {
    const orders = spans.map(({ attributes }) => String(attributes['baton.order.id']));
    const delivery = judge(orders);
    batches.push(orders);
    if (delivery === 'arrived') arrived.push(...orders);
    return delivery;
  });
  const givenUp = outcome === 'away' ? outcome : outcome.map(({ run }) => run);
  return { givenUp, arrived, batches };
}
const refuse =
  (...bad: string[]) =>
  (orders: readonly string[]): Delivery =>
    orders.some((order) => bad.includes(order)) ? 'refused' : 'arrived';

it('asks once where everything arrives', async () => {
  const { givenUp, batches } = await sendTo(tell(256), () => 'arrived');
  expect(givenUp).toEqual([]);
  expect(batches.map(({ length }) => length)).toEqual([256]);
});

it('asks nobody where no event has spans', async () => {
  const told = tell(3).map((each) => ({ ...each, spans: [] }));
  expect(await sendTo(told, () => 'refused')).toEqual({ givenUp: [], arrived: [], batches: [] });
});

it.each([['0'], ['100'], ['255'], ['0', '255'], ['7', '8', '9']])(
  'gives up what is refused alone, and sends all the others, where that is %s',
  async (...bad) => {
    const { givenUp, arrived, batches } = await sendTo(tell(256), refuse(...bad));
    expect(givenUp).toEqual(bad);
    expect(arrived).toEqual(
      tell(256)
        .map(({ run }) => run)
        .filter((run) => !bad.includes(run)),
    );
    expect(batches.length).toBeLessThanOrEqual(1 + 16 * bad.length);
  },
);

it('sends in parts what is too much at once', async () => {
  const { givenUp, arrived } = await sendTo(tell(200), ({ length }) =>
    length > 30 ? 'refused' : 'arrived',
  );
  expect(givenUp).toEqual([]);
  expect(arrived).toEqual(tell(200).map(({ run }) => run));
});

it.each([1, 2, 256])(
  'gives up none of %i events where the collector refuses every one',
  async (count) => {
    expect((await sendTo(tell(count), () => 'refused')).givenUp).toBe('away');
  },
);

it('takes an event without spans for no proof that the collector takes others', async () => {
  const [told, silent] = tell(2);
  if (!told || !silent) throw new Error('there is no event');
  const batch = [told, { ...silent, spans: [] }];
  expect((await sendTo(batch, () => 'refused')).givenUp).toBe('away');
});

it('asks no more where the collector goes away while it looks for the bad one', async () => {
  let asked = 0;
  const { givenUp, batches } = await sendTo(tell(8), (orders) => {
    asked += 1;
    return asked > 3 ? 'away' : refuse('0')(orders);
  });
  expect(givenUp).toBe('away');
  expect(batches).toHaveLength(4);
});
