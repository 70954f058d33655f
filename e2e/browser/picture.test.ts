/** The page for whoever has not run it yet. With PICTURES=docs/img the picture is kept there. */
import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Frame, toAnimation } from './animation.ts';
import { type Console, openConsole } from './console.ts';

let shown: Console;
beforeAll(async () => {
  shown = await openConsole();
});
afterAll(() => shown?.close());

function keep(name: string, picture: Buffer): void {
  const { PICTURES: folder } = process.env;
  if (folder) writeFileSync(join(resolve(import.meta.dirname, '../..', folder), name), picture);
}

/** Slow enough to be watched. */
const baggage = [
  'order.validate:latency:ms=900',
  'inventory.reserve:latency:ms=900',
  'payment.process:lost-reply:times=1',
  'notification.notify:latency:ms=900',
].join('|');

async function place(page: Page): Promise<void> {
  await page.evaluate(`fetch('/orders', {
    method: 'POST',
    headers: { 'content-type': 'application/json', baggage: 'baton.fault=${baggage}' },
    body: JSON.stringify({
      customerId: 'ada',
      lines: [{ sku: 'teapot', quantity: 1 }],
      payment: { method: 'card', token: 'tok_ok' },
    }),
  }).then((answer) => answer.json()).then(({ orderId }) => { location.hash = '#/orders/' + orderId; })`);
}

it('shows an order that loses its payment’s reply, in less than 1 MB', async () => {
  const page = await shown.open('', { width: 880, height: 660 });
  await place(page);
  await page.getByRole('article').waitFor();
  const frames: Frame[] = [];
  const ended = page.locator('.pill', { hasText: 'completed' });
  while ((await ended.count()) === 0 && frames.length < 11) {
    frames.push({ png: await page.screenshot(), ms: 500 });
    await page.waitForTimeout(400);
  }
  await page.getByText('Nothing more will happen to it.').waitFor();
  frames.push({ png: await page.screenshot(), ms: 5_000 });
  const animation = toAnimation(frames);
  expect(frames.length).toBeGreaterThan(4);
  expect(animation.length).toBeLessThan(1024 * 1024);
  keep('console.png', animation);
  await page.close();
});
