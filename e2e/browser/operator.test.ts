/** Where a token is set, whoever acts is asked for it once, and whoever only looks is not. */
import { createOrchestratorClient } from '@baton/service-kit';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Console, openConsole } from './console.ts';

const token = 'a-token-of-some-length';
let shown: Console;
let page: Page;
beforeAll(async () => {
  shown = await openConsole({ OPERATOR_TOKEN: token });
  page = await shown.open();
});
afterAll(async () => {
  await shown?.close();
  expect(shown.complaints).toEqual([]);
});

const dialog = () => page.getByRole('dialog', { name: 'Operators need the token' });

/** The form stays open, with what was typed, where the act was refused. */
async function tryNow(reason: string): Promise<void> {
  const form = page.getByLabel(/^Why/);
  if ((await form.count()) === 0) await page.getByRole('button', { name: 'Try now…' }).click();
  await form.fill(reason);
  await page.getByRole('button', { name: 'Try now', exact: true }).click();
}

it('asks who acts, once, and again where the token was wrong', async () => {
  await page.getByRole('button', { name: 'All is well' }).click();
  await page.locator('.pill', { hasText: 'completed' }).waitFor();
  expect(await dialog().count()).toBe(0);
  // Faults that an order carries are an operator's as well.
  await page.getByRole('button', { name: 'An undo is refused' }).click();
  await dialog().getByLabel('Token').fill(token);
  await dialog().getByRole('button', { name: 'Go on' }).click();
  await page.locator('.pill', { hasText: 'may need an operator' }).waitFor();
  await page.reload();
  await tryNow('without');
  await dialog().getByRole('button', { name: 'Not now' }).click();
  await page.getByRole('alert').waitFor();
  expect(await page.getByLabel(/^Why/).inputValue()).toBe('without');
  expect(await page.evaluate('document.activeElement?.textContent')).toBe('Try now');
  await tryNow('wrong');
  await dialog().getByLabel('Token').fill('not-the-token-that-is-set');
  await dialog().getByRole('button', { name: 'Go on' }).click();
  await page.getByRole('alert').waitFor();
  await tryNow('right');
  await dialog().getByLabel('Token').fill(token);
  await dialog().getByRole('button', { name: 'Go on' }).click();
  await page.getByText('an operator asked for a retry: right').first().waitFor();
  await tryNow('again');
  await page.getByText('an operator asked for a retry: again').first().waitFor();
  expect(await page.content()).not.toMatch(/retry: (without|wrong)/);
});

it('finds a customer’s orders for operators alone, and shows no customer', async () => {
  const client = createOrchestratorClient({ baseUrl: shown.url });
  const order = {
    customerId: 'grace-hopper',
    lines: [{ sku: 'mug', quantity: 1 }],
    payment: { method: 'card', token: 'tok_ok' },
  } as const;
  const placed = await client.placeOrder(order, { waitSeconds: 20 });
  await client.close();
  expect(placed.ok).toBe(true);
  await page.goto(`${shown.url}/#/orders`);
  await page.reload();
  await page.locator('.row').first().waitFor();
  await page.getByLabel('Find by id or customer').fill('grace-hopper');
  await page.getByText('None of the orders loaded here match.').waitFor();
  await page.keyboard.press('Enter');
  await dialog().getByLabel('Token').fill(token);
  await dialog().getByRole('button', { name: 'Go on' }).click();
  await page.getByText(/^customer grace-hopper: looked at \d+ orders\./).waitFor();
  await expect.poll(() => page.locator('.count').innerText()).toBe('1 order');
  await page.locator('.row').click();
  await page.getByRole('article').waitFor();
  expect(await page.getByRole('article').innerText()).not.toContain('grace');
});

it('keeps the token nowhere but in memory', async () => {
  const kept = await page.evaluate(
    'JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie])',
  );
  expect(kept).toBe('[{},{},""]');
  await page.goto(`${shown.url}/#/system`);
  await page.reload();
  await page.getByRole('button', { name: 'I operate here…' }).click();
  await dialog().getByLabel('Token').fill(token);
  await dialog().getByRole('button', { name: 'Go on' }).click();
  await page.getByText('Nothing is, but for orders').waitFor();
});
