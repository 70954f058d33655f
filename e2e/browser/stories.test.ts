/** Each story of the page, by clicking: what was asked, what failed, what Baton did, where it is, what is owed. */
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { type Console, openConsole, readAnswers } from './console.ts';

let shown: Console;
let page: Page;
beforeAll(async () => {
  shown = await openConsole();
});
afterEach(async () => {
  await page.close();
  expect(shown.complaints).toEqual([]);
});
afterAll(() => shown?.close());

async function place(preset: string): Promise<void> {
  page = await shown.open();
  await page.getByRole('button', { name: preset }).click();
  await page.getByRole('article').waitFor();
}
const untilStatus = (word: string) =>
  page.getByRole('article').locator('.pill', { hasText: word }).waitFor({ timeout: 120_000 });

const nothing = 'Nothing.';
const over = 'Nothing more will happen to it.';

it.each([
  {
    preset: 'All is well',
    status: 'completed',
    failed: /^Nothing\.$/,
    did: /one service after the other/,
    where: ['inventory-service holds 2 mug', 'payment-service holds 24.00 EUR'],
  },
  {
    preset: 'The payment’s answer is lost',
    status: 'completed',
    failed: /^pay, at payment-service: the connection broke before an answer came$/,
    did: /^asked again for pay, marked as the same request\npay had been done by an earlier attempt: it was not done twice$/,
    where: ['inventory-service holds 1 teapot', 'payment-service holds 34.00 EUR'],
  },
  {
    preset: 'The card is declined',
    status: 'undone',
    failed: /^pay, at payment-service: refused: payment-declined$/,
    did: /everything is to be undone.*undid reserve, at inventory-service\nundid validate/s,
    where: ['inventory-service gave back 2 mug', 'payment-service never held 24.00 EUR'],
  },
  {
    preset: 'Sold out',
    status: 'undone',
    failed: /^reserve, at inventory-service: refused: out-of-stock$/,
    did: /undid validate/,
    where: ['inventory-service never held 1 first-edition', 'payment-service never held 95.00 EUR'],
  },
  {
    preset: 'The provider is gone',
    status: 'completed',
    failed: /^pay, at payment-service: .*, 3 times$/,
    did: /its alternate is to take its place.*had pay undone at payment-service, in case it was done/s,
    where: [
      'inventory-service holds 2 mug',
      'payment-service holds nothing now, but may have held 24.00 EUR',
      'payment-alternate holds 24.00 EUR',
    ],
  },
  {
    preset: 'Even the undo fails',
    status: 'undone',
    failed: /the undo of reserve, at inventory-service: it answered 503, 3 times/,
    did: /undid validate, .*undid reserve, /s,
    where: ['inventory-service gave back 2 mug', 'payment-service never held 24.00 EUR'],
  },
  {
    preset: 'The message cannot be sent',
    status: 'completed',
    failed: /notify, at notification-service: it answered 503, 2 times/,
    did: /deferred.*did notify after all/s,
    where: ['inventory-service holds 1 teapot', 'payment-service holds 34.00 EUR'],
  },
  {
    preset: 'The payment arrives after its refund',
    status: 'completed',
    failed: /^pay, at payment-service: .*, 3 times$/,
    did: /its alternate is to take its place.*had pay undone at payment-service, in case it was done/s,
    where: [
      'inventory-service holds 1 teapot',
      'payment-service holds nothing now, but may have held 34.00 EUR',
      'payment-alternate holds 34.00 EUR',
    ],
  },
])('tells of “$preset”', async ({ preset, status, failed, did, where }) => {
  await place(preset);
  await untilStatus(status);
  await page.getByText(over).waitFor({ timeout: 60_000 });
  const answers = await readAnswers(page);
  expect(answers['What failed']?.join('\n')).toMatch(failed);
  expect(answers['What Baton did']?.join('\n')).toMatch(did);
  expect(answers['Where things are'] ?? []).toEqual(where);
  expect(answers['What is owed']).toEqual([nothing]);
  expect(await page.locator('.step h3').allInnerTexts()).toEqual([
    'validate',
    'reserve',
    'pay',
    'notify',
  ]);
});

it('counts down to the next try of a refused undo, and writes it off with a reason', async () => {
  await place('An undo is refused');
  await untilStatus('may need an operator');
  // While an attempt is under way nothing can be written off, and there is no countdown.
  await page.getByText(/next try of the undo of reserve, in ([5-9]|\d\d)\.\d s\./).waitFor();
  const before = await readAnswers(page);
  expect(before['Where things are']?.[0]).toMatch(/holds, and is to give back 2 mug/);
  expect(before['What is owed']).toEqual(['Owed: the undo of reserve (2 mug to the stock).']);
  await page.getByRole('button', { name: 'Write off reserve…' }).click();
  const reason = '<img src=x onerror=alert(1)> counted by hand';
  await page.getByLabel(/^Why/).fill(reason);
  await page.getByRole('button', { name: 'Write off reserve', exact: true }).click();
  await untilStatus('undone');
  const after = await readAnswers(page);
  expect(after['Where things are']?.[0]).toMatch(/still holds, though it was given up, 2 mug/);
  // What a person wrote is text, and never markup.
  await page.getByText(reason).first().waitFor();
  expect(await page.locator('img').count()).toBe(0);
  await page.getByRole('link', { name: 'Books' }).click();
  await page.getByRole('heading', { name: 'The books do not balance' }).waitFor();
  await page.getByText(/2 mug still at inventory-service/).waitFor();
  const cells = await page.locator('tr', { hasText: 'mug' }).first().locator('td').allInnerTexts();
  const [held, completed, open, writtenOff, unexplained] = cells.slice(2, 7).map(Number);
  expect([writtenOff, unexplained]).toEqual([2, 0]);
  expect(held).toBe(Number(completed) + Number(open) + Number(writtenOff));
});

it('tries a refused undo at once, and says who asked for it', async () => {
  await place('An undo is refused');
  await untilStatus('may need an operator');
  await page.getByRole('button', { name: 'Try now…' }).click();
  await page.getByLabel(/^Why/).fill('mended');
  await page.getByRole('button', { name: 'Try now', exact: true }).click();
  await page.getByText('an operator asked for a retry: mended').first().waitFor();
  // The form that had the focus is gone.
  expect(await page.evaluate('document.activeElement?.id')).toBe('run-title');
});
