import { expect, it, onTestFinished, vi } from 'vitest';
import { readLoad, setRate } from './load.ts';

const order = {
  name: 'place-order',
  noun: 'order',
  plural: 'orders',
  idPrefix: 'ord_',
  versions: [],
  presets: [],
};

it('counts the answers that come after it was stopped, and then asks no more', async () => {
  vi.useFakeTimers();
  const answers: ((response: Response) => void)[] = [];
  vi.stubGlobal('fetch', () => new Promise<Response>((answer) => answers.push(answer)));
  onTestFinished(() => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });
  setRate(order, 100);
  await vi.advanceTimersByTimeAsync(1_000);
  setRate(order, 0);
  await vi.advanceTimersByTimeAsync(1_000);
  const { counts } = readLoad(order);
  expect(counts.value).toMatchObject({ sent: answers.length, accepted: 0 });
  const [first, second, ...others] = answers;
  first?.(Response.json({}, { status: 503 }));
  second?.(Response.json({}, { status: 500 }));
  for (const answer of others) answer(Response.json({}, { status: 202 }));
  await vi.advanceTimersByTimeAsync(1_000);
  const accepted = others.length;
  expect(counts.value).toEqual({ sent: accepted + 2, accepted, refused: 1, failed: 1 });
  expect(accepted).toBeGreaterThan(90);
  expect(vi.getTimerCount()).toBe(0);
});
